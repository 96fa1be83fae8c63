// Figures in words, with units.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** At least three significant digits. */
function digits(value) {
  const fraction = value >= 100 || value === 0 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en', { maximumFractionDigits: fraction });
}

export function count(value) {
  return value == null ? '–' : whole.format(value);
}

export function micros(us) {
  if (us == null) {
    return '–';
  }
  if (us < 999.5) {
    return digits(us) + ' µs';
  }
  return us < 999_500 ? digits(us / 1e3) + ' ms' : digits(us / 1e6) + ' s';
}

export function bytes(value) {
  if (value == null) {
    return '–';
  }
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  while (value >= 1024 && i < units.length - 1) {
    value /= 1024;
    i++;
  }
  return digits(i === 0 ? Math.round(value) : value) + ' ' + units[i];
}

export function perSecond(value) {
  return value == null ? '–' : (value < 10 ? digits(value) : whole.format(value)) + '/s';
}

export function bytesPerSecond(value) {
  return value == null ? '–' : bytes(value) + '/s';
}

/** For an axis: 12k rather than 12,000. */
export function short(value) {
  if (value >= 1e6) {
    return digits(value / 1e6) + 'M';
  }
  return value >= 1e4 ? digits(value / 1e3) + 'k' : digits(value);
}

export function duration(seconds) {
  if (seconds < 90) {
    return Math.round(seconds) + ' s';
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) {
    return minutes + ' min';
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? hours + ' h ' + (minutes % 60) + ' min' : Math.round(hours / 24) + ' days';
}

export function clock(ms) {
  return new Date(ms).toLocaleTimeString('en-GB');
}

/** With the day, unless it is today. */
export function moment(ms) {
  const at = new Date(ms);
  const today = at.toDateString() === new Date().toDateString();
  return today ? clock(ms) : at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' }) + ' ' + clock(ms);
}

export function percent(part, all) {
  if (!all || !part) {
    return '0 %';
  }
  const value = (100 * part) / all;
  return (value < 1 ? '< 1' : value > 99 && part < all ? '> 99' : Math.round(value)) + ' %';
}
