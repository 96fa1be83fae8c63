// Asks /live each second while it is looked at, and shows what has changed.

import { Charts, OrderStrip } from './charts.js';
import { drawCluster, drawFacts, sentence } from './cluster.js';
import { bytes, bytesPerSecond, clock, count, duration, micros, moment, percent, perSecond, short } from './text.js';

const PERIOD_MS = 1_000;
const ANSWER_MS = 4_000;
const EVENTS_PERIOD_MS = 2_000;
const EVENTS_SHOWN = 100;
const FINE_KEPT_MS = 600_000;
const COARSE_KEPT_MS = 3_600_000;
/** A young process's charts begin where its figures do, but have this width. */
const LEAST_WINDOW_S = 60;
/** Rows farther apart than this have a gap between them. */
const GAP_MS = 25_000;

const $ = (id) => document.getElementById(id);

const STAGES = {
  receive: ['Received', "from a write's header to the whole of it"],
  wal_durable: ['Log durable', "from the hand-over to this node's log"],
  first_ack: ['First acknowledgement', 'from the same moment, until a peer has it'],
  quorum_ack: ['Quorum', 'from the same moment, until a majority has it'],
  commit: ['Committed', 'from the same moment'],
  apply: ['Applied', 'from the hand-over to the block store'],
  reply: ['Answered', "this process's own clients, from arrival"],
  'op.write': ['Writes', "this process's own clients, from arrival to answer"],
  'op.read': ['Reads', "this process's own clients, from arrival to answer"],
};

const PERCENTILES = [
  { name: 'p50', column: 'p50', colour: 'p50' },
  { name: 'p99', column: 'p99', colour: 'p99' },
  { name: 'p99.9', column: 'p999', colour: 'p999' },
];

const LINES = ['p50', 'p99', 'p999', 'other'];

const announce = (text) => {
  $('announce').textContent = text;
};
const charts = new Charts(announce);
let strip = null;

let started = '';
let sinceMs = -1;
let fine = [];
let coarse = [];
let known = [];
let last = null;
let lastSeen = 0;
let windowS = 600;
let paused = false;
let timer = 0;
let eventsDue = 0;

// ---------------------------------------------------------------- asking

async function ask(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(ANSWER_MS), cache: 'no-store' });
  const json = await answer.json();
  if (!answer.ok) {
    throw new Refusal(json.error ?? 'status ' + answer.status);
  }
  return json;
}

class Refusal extends Error {}

async function round() {
  clearTimeout(timer);
  if (paused || document.hidden) {
    return;
  }
  try {
    take(await ask('live?since=' + sinceMs));
    if (last.events && Date.now() >= eventsDue) {
      eventsDue = Date.now() + EVENTS_PERIOD_MS;
      showEvents((await ask('events')).events);
    }
  } catch (e) {
    lost(e);
  }
  clearTimeout(timer);
  timer = setTimeout(round, PERIOD_MS);
}

function lost(e) {
  const seen = lastSeen ? `It was last seen at ${clock(lastSeen)}` : 'It has not answered yet';
  if (e instanceof Refusal) {
    state('lost', 'no figures');
    alertText('The process answers, but has no figures: ' + e.message + '.');
  } else if (e instanceof TypeError || e.name === 'TimeoutError' || e.name === 'AbortError') {
    state('lost', 'no connection');
    alertText(`Connection lost. ${seen}. This page goes on trying.`);
  } else {
    throw e;
  }
  $('main').classList.add('stale');
}

function state(name, text) {
  $('connection').dataset.state = name;
  $('connection').textContent = text;
}

/** Written only when it changes, or it would be read out again each second. */
function alertText(text) {
  if ($('alert').textContent !== text) {
    $('alert').textContent = text;
  }
  $('alert').hidden = text === '';
}

// ---------------------------------------------------------------- taking

function take(live) {
  if (live.started !== started) {
    if (started) {
      announce('The process has started anew.');
    }
    started = live.started;
    fine = [];
    coarse = [];
    known = [];
    if (sinceMs >= 0) {
      sinceMs = -1;
      return;
    }
  }
  const now = Date.now();
  last = live;
  lastSeen = now;
  fine = append(fine, live.fine, live.uptime_ms - FINE_KEPT_MS);
  coarse = append(coarse, live.coarse, live.uptime_ms - COARSE_KEPT_MS);
  sinceMs = Math.max(sinceMs, ...live.fine.at, ...live.coarse.at);
  state('live', 'live');
  alertText(live.error ? 'The process answers, but cannot read its figures: ' + live.error + '.' : '');
  $('main').classList.toggle('stale', live.error !== '');
  if (live.node.role) {
    show(live, now);
  }
}

/** Rows, each with its moment and its figures by column. */
function append(rows, track, fromMs) {
  const names = Object.keys(track.columns);
  track.at.forEach((at, i) => rows.push({ at, figures: Object.fromEntries(names.map((n) => [n, track.columns[n][i]])) }));
  const first = rows.findIndex((r) => r.at >= fromMs);
  return first > 0 ? rows.slice(first) : rows;
}

/** Fine rows where there are some, coarse ones elsewhere. */
function rowsShown() {
  if (windowS > 600 || fine.length === 0) {
    return coarse;
  }
  const covered = (at) => fine.some((r) => r.at > at - 10_000 && r.at <= at + 1_000);
  return [...coarse.filter((r) => !covered(r.at)), ...fine].sort((a, b) => a.at - b.at);
}

// ---------------------------------------------------------------- showing

function show(live, now) {
  const node = live.node;
  const gateway = node.role === 'gateway';
  const name = gateway ? 'gateway' : 'node ' + node.id;
  const own = live.nodes.find((n) => n.self);
  $('who').textContent = gateway ? name : `${name}, ${own?.role ?? node.role}`;
  document.title = `${name}${own ? ', ' + own.role : ''} · Parablock`;
  $('about').textContent = `running for ${duration(live.uptime_ms / 1e3)}` + (node.http ? `, ${node.http}` : '');
  showHealth(node);
  drawCluster($('cluster'), live);
  drawFacts($('facts'), node);
  const seer = gateway ? 'this gateway' : 'node ' + node.id;
  $('cluster-note').textContent =
    `As ${seer} sees it. ` +
    (node.forming
      ? `The cluster has not formed yet: waiting for ${node.forming}.`
      : own?.role === 'leader' || gateway
        ? ''
        : 'How far the others lag, the leader knows.');
  showChanges(live);
  showCharts(live, now);
  showOrder(live.commit_order);
  showRebuild(live);
  $('events-section').hidden = !live.events;
  // A gateway has no log and no store.
  $('order-section').hidden = gateway;
  $('rebuild-section').hidden = gateway;
}

function showChanges(live) {
  const words = live.nodes.map((n) => sentence({ ...n, lag: undefined, self: false }, live.node.groups));
  const changed = words.filter((w) => !known.includes(w));
  if (known.length > 0 && changed.length > 0) {
    announce(changed.join('; '));
  }
  known = words;
}

function showHealth(node) {
  const health = node.health;
  $('warnings').hidden = !health;
  if (!health) {
    return;
  }
  const warnings = health.warnings ?? [];
  $('warnings').dataset.state = warnings.length ? 'warn' : 'ok';
  $('health').textContent = String(health.state ?? '');
  list($('warning-list'), warnings, (li, warning) => {
    li.textContent = typeof warning === 'string' ? warning : (warning.text ?? JSON.stringify(warning));
  });
}

function list(into, items, write) {
  into.replaceChildren(
    ...items.map((item) => {
      const li = document.createElement('li');
      write(li, item);
      return li;
    }),
  );
}

function showCharts(live, now) {
  const offset = now - live.uptime_ms;
  const from = live.uptime_ms - windowS * 1e3;
  const rows = rowsShown().filter((r) => r.at >= from);
  const at = [];
  const names = new Set(rows.flatMap((r) => Object.keys(r.figures).filter((n) => r.figures[n] != null)));
  const columns = Object.fromEntries([...names].map((n) => [n, []]));
  const put = (ms, figures) => {
    at.push((ms + offset) / 1e3);
    names.forEach((n) => columns[n].push(figures[n] ?? null));
  };
  rows.forEach((r, i) => {
    if (i > 0 && r.at - rows[i - 1].at > GAP_MS) {
      put((r.at + rows[i - 1].at) / 2, {});
    }
    put(r.at, r.figures);
  });
  const latency = latencyCharts(live, names, columns);
  charts.arrange($('latency'), latency);
  charts.arrange($('work'), workCharts(names));
  charts.fill(at, columns, [Math.max(now / 1e3 - windowS, Math.min(at[0] ?? 0, now / 1e3 - LEAST_WINDOW_S)), now / 1e3]);
  const note =
    rows.length === 0
      ? 'Waiting for the first figures.'
      : latency.length === 0
        ? 'Nothing was asked of this process in the time shown.'
        : 'Half of all requests took no longer than p50, 99 of 100 no longer than p99. All charts have the same scale.';
  if ($('latency-note').textContent !== note) {
    $('latency-note').textContent = note;
  }
}

function latencyCharts(live, names, columns) {
  const order = [...Object.keys(STAGES), ...live.stages.filter((s) => !STAGES[s])];
  // The last stage is the same as the whole write.
  const twice = names.has('latency.reply.p50') ? 'op.write' : '';
  const wanted = order.filter((s) => s !== twice && names.has(`latency.${s}.p50`));
  let low = Infinity;
  let high = 0;
  for (const stage of wanted) {
    for (const v of columns[`latency.${stage}.p50`]) {
      low = v > 0 && v < low ? v : low;
    }
    for (const v of columns[`latency.${stage}.p999`] ?? []) {
      high = v > high ? v : high;
    }
  }
  scale = [10 ** Math.floor(Math.log10(Math.min(low, 1e6) || 1)), 10 ** Math.ceil(Math.log10(Math.max(high, 10) * 1.05))];
  return wanted.map((stage) => ({
    key: stage,
    title: STAGES[stage]?.[0] ?? stage,
    what: STAGES[stage]?.[1] ?? '',
    format: micros,
    axis: micros,
    log: true,
    scale: () => scale,
    series: PERCENTILES.map((p) => ({ ...p, column: `latency.${stage}.${p.column}` })),
  }));
}

let scale = [100, 1e4];

function workCharts(names) {
  const some = (series) => series.filter((s) => names.has(s.column));
  const lags = [...names].filter((n) => n.startsWith('lag.')).sort();
  return [
    {
      key: 'requests',
      title: 'Requests',
      what: 'of clients attached to this process',
      format: perSecond,
      axis: short,
      series: some([
        { name: 'writes', column: 'write.rate', colour: 'p50' },
        { name: 'reads', column: 'read.rate', colour: 'p99' },
      ]),
    },
    {
      key: 'bytes',
      title: 'Throughput',
      what: 'of clients attached to this process',
      format: bytesPerSecond,
      axis: bytes,
      binary: true,
      least: 1024,
      series: some([
        { name: 'written', column: 'write.bytes', colour: 'p50' },
        { name: 'read', column: 'read.bytes', colour: 'p99' },
      ]),
    },
    {
      key: 'commits',
      title: 'Commits',
      what: 'slots per second, whoever asked for them',
      format: perSecond,
      axis: short,
      series: some([{ name: 'committed', column: 'commit.rate', colour: 'p50' }]),
    },
    {
      key: 'open',
      title: 'Under way',
      what: 'slots in flight, holes in the log, requests without an answer',
      format: count,
      axis: short,
      least: 4,
      series: some([
        { name: 'in flight', column: 'in_flight', colour: 'p50' },
        { name: 'holes', column: 'holes', colour: 'p99' },
        { name: 'unanswered', column: 'unanswered', colour: 'other' },
      ]),
    },
    {
      key: 'lag',
      title: 'Lag',
      what: 'slots that each peer is behind',
      format: count,
      axis: short,
      least: 4,
      series: lags.map((n, i) => ({ name: 'node ' + n.slice(4), column: n, colour: LINES[i % LINES.length] })),
    },
  ].filter((c) => c.series.length > 0);
}

function showOrder(order) {
  $('order').hidden = !order;
  const note = !order
    ? 'Nothing to show yet: only a leader knows the order of its commits.'
    : order.overtook === 0
      ? `Of the last ${count(order.commits)} commits none overtook a lower slot.`
      : `Of the last ${count(order.commits)} commits ${percent(order.overtook, order.commits)} overtook lower slots that were still open; the farthest passed ${count(order.farthest)}. Height: slots passed. Strength: how many commits did.`;
  if ($('order-note').textContent !== note) {
    $('order-note').textContent = note;
  }
  if (order) {
    strip ??= new OrderStrip($('order'), announce);
    strip.fill(order);
  }
}

const REBUILDS = {
  install: "Copying the leader's store to this node",
  send: "Sending this node's store to peers that lack it",
  cure: "Making this node's log whole again",
  repair: 'Fetching damaged blocks from a peer',
};

function showRebuild(live) {
  const into = $('rebuild');
  into.replaceChildren(
    ...live.rebuilds.map((r) => {
      const amount = r.unit === 'bytes' ? bytes : (n) => count(n) + ' slots';
      const box = document.createElement('div');
      const title = document.createElement('h3');
      title.textContent = REBUILDS[r.what] ?? r.what;
      const bar = document.createElement('progress');
      bar.max = r.total;
      bar.value = r.done;
      bar.setAttribute('aria-label', title.textContent);
      const numbers = document.createElement('p');
      numbers.className = 'numbers';
      numbers.textContent =
        `${percent(r.done, r.total)}: ${amount(r.done)} of ${amount(r.total)}` +
        (r.rate ? `, ${amount(r.rate)}/s, ${r.eta_s < 1 ? 'nearly done' : 'about ' + duration(r.eta_s) + ' left'}` : ', its pace is not known yet');
      box.append(title, bar, numbers);
      return box;
    }),
  );
  const scrub = live.node.scrub;
  const nothing = live.rebuilds.length ? '' : 'Nothing is being rebuilt. ';
  const damage = scrub && scrub.damaged_records + scrub.damaged_bytes + scrub.damaged_state;
  $('scrub').textContent =
    nothing +
    (scrub
      ? `The check of all that is stored: ${scrub.rounds === 1 ? 'once' : scrub.rounds + ' times'} through, ${scrub.progress_percent} % of the next; ` +
        (damage ? `damage found: ${count(scrub.damaged_records)} log records, ${bytes(scrub.damaged_bytes)} of blocks.` : 'no damage found.')
      : '');
}

let newestEvent = '';

function showEvents(events) {
  const shown = events.slice(-EVENTS_SHOWN).reverse();
  const newest = JSON.stringify([shown.length, shown[0]]);
  if (newest === newestEvent) {
    return;
  }
  newestEvent = newest;
  if (shown.length === 0) {
    list($('events'), ['Nothing has happened since the start.'], (li, text) => (li.textContent = text));
    return;
  }
  list($('events'), shown, (li, event) => {
    li.className = event.level;
    const time = document.createElement('time');
    time.dateTime = event.at;
    time.textContent = moment(Date.parse(event.at));
    const text = document.createElement('span');
    if (event.level !== 'info') {
      const level = document.createElement('span');
      level.className = 'level';
      level.textContent = event.level + ': ';
      text.append(level);
    }
    text.append(event.text);
    li.append(time, text);
  });
}

// ---------------------------------------------------------------- controls

$('pause').addEventListener('click', () => {
  paused = !paused;
  $('pause').textContent = paused ? 'Resume' : 'Pause';
  $('pause').setAttribute('aria-pressed', String(paused));
  if (paused) {
    clearTimeout(timer);
    state('paused', 'paused');
  } else {
    round();
  }
});

document.querySelectorAll('input[name=window]').forEach((input) =>
  input.addEventListener('change', () => {
    windowS = Number(input.value);
    if (last?.node.role) {
      showCharts(last, lastSeen);
    }
  }),
);

document.addEventListener('visibilitychange', round);

round();
