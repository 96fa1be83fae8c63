// The picture of the cluster, and the figures of this process beside it.

import { bytes, count } from './text.js';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 360;
const RADIUS = 33;
const GAP = 9;

function element(name, attributes, text) {
  const e = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    e.setAttribute(key, value);
  }
  if (text !== undefined) {
    e.textContent = text;
  }
  return e;
}

/** Where each node stands: the same place whatever its role. Beside a gateway, which has connections to all, in a row. */
function places(n, gateway) {
  if (gateway && n <= 4) {
    const at = Array.from({ length: n }, (_, i) => ({ x: (WIDTH * (i + 0.5)) / n, y: 138 }));
    return { height: 216, at, centre: { x: WIDTH / 2, y: 26 } };
  }
  if (n === 1) {
    return { height: 150, at: [{ x: WIDTH / 2, y: 52 }] };
  }
  if (n === 2) {
    return { height: 150, at: [{ x: 80, y: 52 }, { x: WIDTH - 80, y: 52 }] };
  }
  const wide = WIDTH / 2 - RADIUS - 30;
  const tall = n === 3 ? 96 : 118;
  const at = [];
  for (let i = 0; i < n; i++) {
    const angle = -Math.PI / 2 + (2 * Math.PI * i) / n;
    at.push({ x: WIDTH / 2 - wide * Math.cos(angle), y: 52 + tall + tall * Math.sin(angle) });
  }
  return { height: Math.max(...at.map((p) => p.y)) + 90, at, centre: { x: WIDTH / 2, y: 52 + tall } };
}

/** What is written below a node. */
function second(node) {
  if (node.self) {
    return 'this node';
  }
  if (node.lag == null) {
    return node.connected || node.role !== 'leader' ? '' : 'not connected';
  }
  return node.lag === 0 ? 'up to date' : count(node.lag) + (node.lag === 1 ? ' slot behind' : ' slots behind');
}

function role(node, groups) {
  if (!node.connected && node.role !== 'leader') {
    return 'not connected';
  }
  return groups > 1 && node.leads > 0 ? 'leads ' + node.leads + ' of ' + groups : node.role;
}

/** In words, for those who do not see the picture and for announcements. */
export function sentence(node, groups) {
  const parts = ['node ' + node.id, role(node, groups), second(node)];
  return parts.filter((p) => p).join(', ');
}

function drawNode(node, place, groups) {
  const g = element('g', {
    class: ['node', node.connected ? node.role : 'away', node.self ? 'self' : ''].join(' '),
    'data-node': node.id,
    'data-role': node.role,
    transform: `translate(${place.x.toFixed(1)} ${place.y.toFixed(1)})`,
  });
  if (node.self) {
    g.append(element('circle', { class: 'ring', r: RADIUS + 5 }));
  }
  g.append(element('circle', { class: 'body', r: RADIUS }));
  g.append(element('text', { class: 'number' }, node.id));
  g.append(element('text', { class: 'role', y: RADIUS + 22 }, role(node, groups)));
  g.append(element('text', { class: 'small', y: RADIUS + 40 }, second(node)));
  return g;
}

/** @param inset how far from the middle of where it begins */
function link(from, inset, to, connected) {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const dx = (to.x - from.x) / length;
  const dy = (to.y - from.y) / length;
  return element('line', {
    class: connected ? 'link' : 'link away',
    x1: from.x + dx * inset,
    y1: from.y + dy * inset,
    x2: to.x - dx * (RADIUS + GAP),
    y2: to.y - dy * (RADIUS + GAP),
  });
}

export function drawCluster(into, live) {
  const gateway = live.node.role === 'gateway';
  const groups = live.node.groups;
  const { height, at, centre: middle } = places(live.nodes.length, gateway);
  const svg = element('svg', { viewBox: `0 0 ${WIDTH} ${Math.round(height)}`, role: 'img', 'aria-labelledby': 'cluster-text' });
  svg.append(element('title', { id: 'cluster-text' }, live.nodes.map((n) => sentence(n, groups)).join('; ')));
  const own = live.nodes.findIndex((n) => n.self);
  const centre = gateway ? middle : at[own];
  live.nodes.forEach((node, i) => {
    if (i !== own && centre) {
      // A gateway's box is drawn over the ends.
      svg.append(link(centre, gateway ? 0 : RADIUS + GAP, at[i], node.connected));
    }
  });
  live.nodes.forEach((node, i) => svg.append(drawNode(node, at[i], groups)));
  if (gateway) {
    const g = element('g', { class: 'node self', transform: `translate(${centre.x} ${centre.y})` });
    g.append(element('rect', { class: 'body', x: -46, y: -18, width: 92, height: 36, rx: 9 }));
    g.append(element('text', { class: 'role', y: 5 }, 'gateway'));
    svg.append(g);
  }
  into.replaceChildren(svg);
}

const NODE_FACTS = [
  ['Term', 'term', count],
  ['Elections', 'elections', count],
  ['Committed to slot', 'commit_watermark', count],
  ['Applied to slot', 'applied_watermark', count],
  ['Holes', 'holes', count],
  ['In flight', 'in_flight', count],
  ['Unanswered', 'unanswered', count],
  ['Committed out of order', 'committed_out_of_order', count],
  ['Sessions', 'sessions', count],
  ['Resent', 'resends', count],
  ['Timed out', 'timeouts', count],
  ['Sessions lost', 'sessions_lost', count],
  ['Log size', 'wal_bytes', bytes],
  ['Mode', 'mode'],
  ['Durability', 'durability'],
  ['Log engine', 'wal_engine'],
  ['Transport', 'transport'],
  ['Pipeline', 'pipeline'],
  ['Clients attach to', 'nbd'],
];

export function drawFacts(into, node) {
  const facts = NODE_FACTS.filter(([, key]) => node[key] != null && node[key] !== '');
  const known = [...into.querySelectorAll('dt')].map((dt) => dt.textContent);
  if (known.join() !== facts.map(([title]) => title).join()) {
    into.replaceChildren(
      ...facts.map(([title, , format]) => {
        const div = document.createElement('div');
        const dt = document.createElement('dt');
        dt.textContent = title;
        const dd = document.createElement('dd');
        dd.className = format ? 'figure' : 'word';
        div.append(dt, dd);
        return div;
      }),
    );
  }
  into.querySelectorAll('dd').forEach((dd, i) => {
    const [, key, format] = facts[i];
    const text = format ? format(node[key]) : node[key];
    if (dd.textContent !== text) {
      dd.textContent = text;
    }
  });
}
