// The reports: how clients retried, and which behaviours the traffic relied on.
import { get } from './api.js';
import { act, choices, el, kind, prose, shown, status, table, update } from './dom.js';
import { KINDS, count, duration, timeOfDay } from './text.js';

const OUTCOMES = { recovered: 'good', reconciled: 'good', refused: 'bad', gave_up: 'bad' };
const VERDICTS = { good: 'All clients retried correctly.', bad: 'Some clients did not retry correctly.' };

export class Reports {
  constructor() {
    this.account = el('select', { 'aria-label': 'Account', onchange: act(() => this.refresh()) });
    choices(this.account, [['', 'every account']]);
    this.journal = true;
    // The kind of evidence that is shown; empty for all.
    this.kind = '';
    this.retries = el('div', {});
    this.assumptions = el('div', {});
    this.element = el('section', { class: 'page reports', 'aria-label': 'Reports' }, el('h2', {}, 'Reports'),
      el('div', { class: 'bar' }, el('label', {}, 'Reports of ', this.account)),
      el('h3', {}, 'Retries'), this.retries, el('h3', {}, 'Assumptions'), this.assumptions);
  }

  async refresh() {
    const { accounts } = await get('accounts');
    choices(this.account, [['', 'every account'], ...accounts.map(({ accountId }) => [accountId, `account ${accountId}`])]);
    const query = this.account.value ? `?accountId=${encodeURIComponent(this.account.value)}` : '';
    const [retries, assumptions] = await Promise.all([this.journal ? get(`retries${query}`) : null, get(`assumptions${query}`)]);
    update(this.retries, retries, () => this.sequences(retries));
    update(this.assumptions, [assumptions, this.kind], () => this.relied(assumptions));
  }

  sequences(retries) {
    if (!retries) return el('p', { class: 'nothing' }, 'The journal is off. This report needs it.');
    const { verdict, sequences, dropped } = retries;
    const lost = dropped ? el('p', { class: 'quiet' }, `The journal dropped ${count(dropped, 'request')}. The report misses retries that began there.`) : null;
    if (!sequences.length) return [el('p', { class: 'nothing' }, 'No request got a 429, a 5xx or a dropped response.'), lost];
    return [el('p', { class: verdict }, VERDICTS[verdict]), ...sequences.slice(-100).reverse().map((one) => el('article', { class: 'sequence' },
      el('p', {}, el('span', { class: `outcome ${OUTCOMES[one.outcome]}` }, one.outcome.replace('_', ' ')), ' ', shown(one.summary)),
      el('ol', {}, one.attempts.map((attempt) => el('li', {}, el('a', { href: `#/requests/${attempt.id}` }, `#${attempt.id}`), ' ', status(attempt.status), ' ',
        el('span', { class: 'quiet' }, timeOfDay(attempt.time), attempt.waitedMs === null ? '' : `, after ${duration(attempt.waitedMs)}`, attempt.tookEffect ? ', took effect' : '')))))),
    sequences.length > 100 ? el('p', { class: 'quiet' }, `The newest 100 of ${count(sequences.length, 'sequence')}.`) : null, lost];
  }

  relied(report) {
    if (!report.behaviours.length) return el('p', { class: 'nothing' }, 'No assumptions yet: no requests have been made.');
    const rank = ({ knownAs }) => KINDS.indexOf(knownAs);
    const rows = report.behaviours.filter(({ knownAs }) => !this.kind || knownAs === this.kind).sort((one, other) => rank(one) - rank(other));
    const part = (name) => {
      const segment = el('button', { type: 'button', class: `kind ${name}`, 'data-key': `kind ${name}`, 'aria-pressed': String(this.kind === name),
        onclick: act(() => { this.kind = this.kind === name ? '' : name; return this.refresh(); }) }, `${report[name]} ${name}`);
      segment.style.flexGrow = report[name];
      return segment;
    };
    return [el('p', { class: 'quiet' }, 'The responses rely on these behaviours. Click a kind of evidence to show only its behaviours.'),
      el('div', { class: 'stack', role: 'group', 'aria-label': 'Kinds of evidence' }, KINDS.filter((name) => report[name]).map(part)),
      table(['Evidence', 'Behaviour', 'Question', 'Option', 'Requests'], rows.map((one) => el('tr', {},
        el('td', {}, kind(one.knownAs)), el('td', {}, el('a', { href: `#/profile/${one.id}` }, one.id)), el('td', { class: 'quiet' }, prose(one.question)),
        el('td', {}, el('code', {}, shown(one.option))), el('td', {}, one.requests.toLocaleString('en')))))];
  }
}
