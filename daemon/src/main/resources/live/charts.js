// Charts over time (drawn by uPlot) and the strip of the commit order. All charts share one moment: where the pointer or the
// keyboard is, or now.

import { clock, count, percent } from './text.js';

const HEIGHT = 132;
const DECADES = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];
/** Steps of an axis of bytes. */
const BINARY = Array.from({ length: 41 }, (_, i) => 2 ** i);
const PAGE = 10;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();

/** Points that have no neighbour to draw a line to. */
function alone(u, series) {
  const values = u.data[series];
  const found = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) {
      found.push(i);
    }
  }
  return found;
}

export class Charts {
  /** @param announce hears what the keyboard's cursor reads */
  constructor(announce) {
    this.announce = announce;
    this.charts = [];
    /** Seconds, or null for now. */
    this.moment = null;
    this.resized = new ResizeObserver((entries) => {
      for (const { target, contentRect } of entries) {
        const chart = this.charts.find((c) => c.plot === target);
        if (chart && contentRect.width > 0) {
          chart.uplot.setSize({ width: Math.floor(contentRect.width), height: HEIGHT });
        }
      }
    });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.charts.forEach((c) => c.uplot.redraw(false)));
  }

  /**
   * Makes the charts of a section those wanted, in order.
   * Each has key, title, what, format, axis, log or binary, least, and series of name, column, colour.
   */
  arrange(into, wanted) {
    const have = this.charts.filter((c) => c.into === into);
    if (have.map((c) => c.shape).join() === wanted.map(shape).join()) {
      return;
    }
    for (const old of have) {
      this.resized.unobserve(old.plot);
      old.uplot.destroy();
    }
    this.charts = this.charts.filter((c) => c.into !== into);
    into.replaceChildren();
    for (const w of wanted) {
      this.charts.push(this.add(into, w));
    }
  }

  add(into, wanted) {
    const box = document.createElement('article');
    box.className = 'chart';
    box.dataset.chart = wanted.key;
    const title = document.createElement('h3');
    const when = document.createElement('span');
    when.className = 'when';
    title.append(wanted.title, when);
    const what = document.createElement('p');
    what.className = 'what';
    what.textContent = wanted.what;
    const readout = document.createElement('ul');
    readout.className = 'readout';
    const values = wanted.series.map((s) => {
      const li = document.createElement('li');
      li.className = 'c-' + s.colour;
      const swatch = document.createElement('i');
      const value = document.createElement('b');
      li.append(swatch, s.name + ' ', value);
      readout.append(li);
      return value;
    });
    const plot = document.createElement('div');
    plot.className = 'plot';
    plot.tabIndex = 0;
    plot.setAttribute('role', 'group');
    plot.setAttribute('aria-roledescription', 'chart');
    plot.setAttribute('aria-label', wanted.title + ' over time. The arrow keys move through it.');
    box.append(title, what, readout, plot);
    into.append(box);
    const chart = { ...wanted, into, shape: shape(wanted), values, when, plot };
    chart.uplot = new uPlot(this.options(chart), [[], ...wanted.series.map(() => [])], plot);
    plot.addEventListener('keydown', (event) => this.onKey(event, chart));
    plot.addEventListener('blur', () => this.show(null));
    this.resized.observe(plot);
    return chart;
  }

  options(chart) {
    const axis = { stroke: () => colour('quiet'), font: '11px system-ui, sans-serif', ticks: { show: false } };
    const grid = { stroke: () => colour('grid'), width: 1 };
    return {
      width: Math.max(200, chart.plot.clientWidth),
      height: HEIGHT,
      padding: [8, 28, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 }, sync: { key: 'live', scales: ['x', null], setSeries: false } },
      scales: {
        x: { time: true, range: () => this.span ?? [0, 1] },
        y: chart.log ? { distr: 3, log: 10, range: () => chart.scale?.() ?? [100, 1e4] } : { range: (u, min, max) => [0, Math.max(chart.least ?? 1, (max ?? 0) * 1.12)] },
      },
      axes: [
        { ...axis, grid: { show: false }, size: 24, space: 70, values: (u, at, i, space, step) => at.map((s) => (step < 60 ? clock(s * 1e3) : clock(s * 1e3).slice(0, 5))) },
        {
          ...axis,
          grid,
          size: 52,
          gap: 4,
          space: 28,
          ...(chart.binary ? { incrs: BINARY } : {}),
          ...(chart.log ? { splits: (u, i, min, max) => DECADES.filter((d) => d >= min && d <= max), filter: (u, splits) => splits } : {}),
          values: (u, at) => at.map((v) => chart.axis(v)),
        },
      ],
      series: [
        {},
        ...chart.series.map((s) => ({
          label: s.name,
          stroke: () => colour(s.colour),
          width: 1.5,
          points: { show: true, size: 4, filter: alone, fill: () => colour(s.colour) },
        })),
      ],
      hooks: { setCursor: [(u) => this.read(chart, u.cursor.idx)] },
    };
  }

  /**
   * @param at seconds, ascending
   * @param columns by name, as long as at
   * @param span the seconds shown
   */
  fill(at, columns, span) {
    this.span = span;
    const nothing = new Array(at.length).fill(null);
    for (const chart of this.charts) {
      chart.uplot.setData([at, ...chart.series.map((s) => columns[s.column] ?? nothing)]);
      this.place(chart);
    }
  }

  /** Writes the values of a moment, or the last there are. */
  read(chart, index) {
    if (!chart.uplot) {
      return;
    }
    const at = chart.uplot.data[0];
    const i = index ?? at.length - 1;
    chart.when.textContent = index == null ? '' : ' at ' + clock(at[index] * 1e3);
    chart.series.forEach((s, n) => {
      const text = chart.format(chart.uplot.data[n + 1][i]);
      if (chart.values[n].textContent !== text) {
        chart.values[n].textContent = text;
      }
    });
  }

  place(chart) {
    if (this.moment != null) {
      chart.uplot.setCursor({ left: chart.uplot.valToPos(this.moment, 'x'), top: 4 }, true, false);
      this.read(chart, chart.uplot.cursor.idx);
    } else if (chart.uplot.cursor.left == null || chart.uplot.cursor.left < 0) {
      this.read(chart, null);
    }
  }

  show(moment) {
    this.moment = moment;
    for (const chart of this.charts) {
      if (moment == null) {
        chart.uplot.setCursor({ left: -10, top: -10 }, true, false);
        this.read(chart, null);
      } else {
        this.place(chart);
      }
    }
  }

  onKey(event, chart) {
    const at = chart.uplot.data[0].filter((s) => s >= (this.span?.[0] ?? 0));
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -PAGE, PageDown: PAGE };
    const last = at.length - 1;
    let index = this.moment == null ? last : nearest(at, this.moment);
    if (event.key === 'Escape') {
      this.show(null);
      return;
    } else if (event.key === 'Home') {
      index = 0;
    } else if (event.key === 'End') {
      index = last;
    } else if (steps[event.key] && this.moment == null) {
      index = last;
    } else if (steps[event.key]) {
      index = Math.min(last, Math.max(0, index + steps[event.key]));
    } else {
      return;
    }
    event.preventDefault();
    if (last < 0) {
      return;
    }
    this.show(at[index]);
    this.announce(clock(at[index] * 1e3) + ': ' + chart.series.map((s, n) => s.name + ' ' + chart.values[n].textContent).join(', '));
  }
}

function shape(wanted) {
  return wanted.key + '(' + wanted.series.map((s) => s.column).join('+') + ')';
}

function nearest(at, moment) {
  let best = 0;
  for (let i = 0; i < at.length; i++) {
    if (Math.abs(at[i] - moment) < Math.abs(at[best] - moment)) {
      best = i;
    }
  }
  return best;
}

const ROWS = ['in order', '1', '2–3', '4–7', '8–15', '16–31', '32–63', '64–127', '128–255', '256–511', '512 +'];
const ROW_HEIGHT = 14;

/** The last commits, from left to right; how high: how many lower slots each passed; how dark: how many did. */
export class OrderStrip {
  constructor(into, announce) {
    this.announce = announce;
    this.selected = null;
    into.className = 'strip';
    const labels = document.createElement('ol');
    labels.setAttribute('aria-hidden', 'true');
    [...ROWS].reverse().forEach((row) => {
      const li = document.createElement('li');
      li.textContent = row;
      labels.append(li);
    });
    this.field = document.createElement('div');
    this.field.className = 'field';
    this.field.tabIndex = 0;
    this.field.setAttribute('role', 'group');
    this.field.setAttribute('aria-roledescription', 'heat strip');
    this.field.setAttribute('aria-label', 'How many lower slots each of the last commits passed. The arrow keys move through it.');
    this.canvas = document.createElement('canvas');
    this.mark = document.createElement('div');
    this.mark.className = 'mark';
    this.mark.hidden = true;
    this.field.append(this.canvas, this.mark);
    const ends = document.createElement('p');
    ends.className = 'ends';
    this.oldest = document.createElement('span');
    const newest = document.createElement('span');
    newest.textContent = 'now';
    ends.append(this.oldest, newest);
    this.moment = document.createElement('p');
    this.moment.className = 'moment';
    into.append(labels, this.field, ends, this.moment);
    this.field.addEventListener('keydown', (event) => this.onKey(event));
    this.field.addEventListener('pointermove', (event) => this.select(this.columnAt(event)));
    this.field.addEventListener('pointerleave', () => this.select(null));
    this.field.addEventListener('blur', () => this.select(null));
    new ResizeObserver(() => this.draw()).observe(this.field);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
  }

  fill(order) {
    this.order = order;
    this.draw();
    this.select(this.selected);
  }

  draw() {
    const width = this.field.clientWidth;
    if (!this.order || width === 0) {
      return;
    }
    const { columns, per_column: perColumn, commits } = this.order;
    const scale = devicePixelRatio;
    const height = ROWS.length * ROW_HEIGHT;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    const g = this.canvas.getContext('2d');
    g.scale(scale, scale);
    const inOrder = colour('in-order');
    const overtook = colour('overtook');
    const step = width / columns.length;
    columns.forEach((rows, c) => {
      rows.forEach((n, row) => {
        if (n > 0) {
          const share = Math.sqrt(n / perColumn);
          g.fillStyle = `rgba(${row === 0 ? inOrder : overtook}, ${0.18 + 0.82 * share})`;
          g.fillRect(c * step, height - (row + 1) * ROW_HEIGHT + 1, Math.max(1, step - 0.5), ROW_HEIGHT - 1);
        }
      });
    });
    this.oldest.textContent = count(commits) + ' commits ago';
    this.canvas.dataset.drawn = commits;
  }

  columnAt(event) {
    const box = this.field.getBoundingClientRect();
    const n = this.order?.columns.length ?? 0;
    return n ? Math.min(n - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * n))) : null;
  }

  onKey(event) {
    const n = this.order?.columns.length ?? 0;
    const from = this.selected ?? n;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, PageUp: from - PAGE, PageDown: from + PAGE, Home: 0, End: n - 1 }[event.key];
    if (event.key === 'Escape') {
      this.select(null);
    } else if (to !== undefined && n > 0) {
      event.preventDefault();
      this.select(Math.min(n - 1, Math.max(0, to)));
      this.announce(this.moment.textContent);
    }
  }

  select(column) {
    const columns = this.order?.columns ?? [];
    this.selected = column != null && column < columns.length ? column : null;
    this.mark.hidden = this.selected == null;
    if (this.selected == null) {
      this.moment.textContent = '';
      return;
    }
    const rows = columns[column];
    const n = rows.reduce((a, b) => a + b, 0);
    const passed = n - rows[0];
    const highest = rows.findLastIndex((v) => v > 0);
    this.mark.style.left = (100 * column) / columns.length + '%';
    this.mark.style.width = 100 / columns.length + '%';
    const ago = this.order.commits - column * this.order.per_column;
    this.moment.textContent =
      `${count(ago)} commits ago: ` +
      (passed === 0 ? 'all in order' : `${percent(passed, n)} overtook, the farthest passed ${ROWS[highest]} lower slots`);
  }
}
