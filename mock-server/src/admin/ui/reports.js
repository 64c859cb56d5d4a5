// The reports: how clients retried, and which behaviours the traffic relied on.
import { get } from './api.js';
import { act, choices, el, evidence, kind, prose, shown, status, update } from './dom.js';
import { KINDS, count, duration, timeOfDay } from './text.js';

const OUTCOMES = { recovered: 'good', reconciled: 'good', refused: 'bad', gave_up: 'bad' };
const VERDICTS = { good: 'All of them retry as they should.', bad: 'Some do not retry as they should.' };

export class Reports {
  constructor() {
    this.account = el('select', { 'aria-label': 'Account', onchange: act(() => this.refresh()) });
    choices(this.account, [['', 'every account']]);
    this.journal = true;
    this.retries = el('div', {});
    this.assumptions = el('div', {});
    this.element = el('section', { class: 'page reports', 'aria-label': 'Reports' }, el('h2', {}, 'Reports'),
      el('div', { class: 'bar' }, el('label', {}, 'of ', this.account)),
      el('h3', {}, 'Retries'), this.retries, el('h3', {}, 'Assumptions'), this.assumptions);
  }

  async refresh() {
    const { accounts } = await get('accounts');
    choices(this.account, [['', 'every account'], ...accounts.map(({ accountId }) => [accountId, `account ${accountId}`])]);
    const query = this.account.value ? `?accountId=${encodeURIComponent(this.account.value)}` : '';
    const [retries, assumptions] = await Promise.all([this.journal ? get(`retries${query}`) : null, get(`assumptions${query}`)]);
    update(this.retries, retries, () => this.sequences(retries));
    update(this.assumptions, assumptions, () => this.relied(assumptions));
  }

  sequences(retries) {
    if (!retries) return el('p', { class: 'nothing' }, 'The journal is off, and this is read from it.');
    const { verdict, sequences, dropped } = retries;
    const lost = dropped ? el('p', { class: 'quiet' }, `The journal no longer keeps ${count(dropped, 'request')}; what they began is not seen.`) : null;
    if (!sequences.length) return [el('p', { class: 'nothing' }, 'No request met a 429, a 5xx or silence.'), lost];
    return [el('p', { class: verdict }, VERDICTS[verdict]), ...sequences.slice(-100).reverse().map((one) => el('article', { class: 'sequence' },
      el('p', {}, el('span', { class: `outcome ${OUTCOMES[one.outcome]}` }, one.outcome.replace('_', ' ')), ' ', shown(one.summary)),
      el('ol', {}, one.attempts.map((attempt) => el('li', {}, el('a', { href: `#/requests/${attempt.id}` }, `#${attempt.id}`), ' ', status(attempt.status), ' ',
        el('span', { class: 'quiet' }, timeOfDay(attempt.time), attempt.waitedMs === null ? '' : `, after ${duration(attempt.waitedMs)}`, attempt.tookEffect ? ', took effect' : '')))))),
    sequences.length > 100 ? el('p', { class: 'quiet' }, `The newest 100 of ${count(sequences.length, 'sequence')}.`) : null, lost];
  }

  relied(report) {
    if (!report.behaviours.length) return el('p', { class: 'nothing' }, 'The traffic so far relied on nothing.');
    const rank = ({ knownAs }) => KINDS.indexOf(knownAs);
    const rows = [...report.behaviours].sort((one, other) => rank(one) - rank(other));
    return [el('p', {}, 'Of what the traffic relied on: ', KINDS.map((name, index) => [index ? ', ' : '', `${report[name]} `, kind(name)]), '.'),
      el('table', {}, el('thead', {}, el('tr', {}, ['Behaviour', 'Option', 'Requests', 'How it is known'].map((name) => el('th', { scope: 'col' }, name)))),
        el('tbody', {}, rows.map((one) => el('tr', {},
          el('td', {}, el('a', { href: `#/profile/${one.id}` }, one.id), el('span', { class: 'question' }, prose(one.question))),
          el('td', {}, el('code', {}, shown(one.option))), el('td', {}, one.requests.toLocaleString('en')),
          el('td', {}, evidence(one.evidence))))))];
  }
}
