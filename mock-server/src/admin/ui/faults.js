// Faults: armed, with their hits, and disarmed.
import { api, below, get } from './api.js';
import { act, choices, el, rule as shownRule, table, update } from './dom.js';
import { faultState, ruleText } from './text.js';

const READY = [
  ['503 once', { status: 503, times: 1 }],
  ['429 three times', { status: 429, times: 3 }],
  ['2 s delay once', { delay: { fixed_ms: 2000 }, times: 1 }],
  ['Dropped response of a create', { fault: 'EMPTY_RESPONSE', when: 'after', operation: 'create_user', times: 1 }],
  ['TCP reset once', { fault: 'CONNECTION_RESET_BY_PEER', times: 1 }],
  ['Gateway page once', { wrong_content_type: true, status: 502, times: 1 }],
];
const EFFECTS = [
  ['status', 'status'], ['none', 'only a delay'],
  ...['EMPTY_RESPONSE', 'CONNECTION_RESET_BY_PEER', 'MALFORMED_RESPONSE_CHUNK', 'RANDOM_DATA_THEN_CLOSE'].map((name) => [name, name]),
  ...['basic_ended', 'client_invalid', 'locked_out', 'token_expired'].map((rule) => [`refuse=${rule}`, `refuse=${rule}`]), ['view=empty', 'view=empty'], ['view=stale', 'view=stale'],
  ['truncate_body', 'truncate_body'], ['malformed_body', 'malformed_body'], ['wrong_content_type', 'wrong_content_type'],
];
const OPERATIONS = ['list_users', 'get_user', 'create_user', 'update_user', 'delete_user', 'list_roles', 'change_password', 'issue_token'];

const number = (name, label, attributes) => el('label', {}, label, el('input', { type: 'number', name, min: '0', ...attributes }));
const select = (name, label, entries) => {
  const box = el('select', { name });
  choices(box, entries);
  return el('label', {}, label, box);
};

export class Faults {
  // `selected` gives the id of the account that the other views show, if they show one.
  constructor(selected) {
    this.selected = selected;
    this.armed = el('div', {});
    this.accounts = el('select', { name: 'account', onchange: () => { this.chosenByHand = true; } });
    choices(this.accounts, [['', 'all accounts']]);
    this.form = el('form', { class: 'fields', onsubmit: act(() => this.arm(this.chosen())) },
      select('effect', 'What happens', EFFECTS), number('code', 'Status', { value: '503', max: '599' }), number('delay', 'Delay, ms'),
      select('operation', 'Operation', [['', 'any'], ...OPERATIONS.map((name) => [name, name])]),
      number('times', 'Times', { min: '1', placeholder: 'always' }), number('every', 'Every', { min: '1', placeholder: '1' }),
      number('after', 'After', { placeholder: '0' }), number('probability', 'Probability', { step: 'any', max: '1', placeholder: '1' }),
      select('then', 'After the first hit', [['', 'those chosen here'], ['all', 'all requests'], ['same_login', 'the same login'], ['same_scheme', 'the same scheme']]),
      select('when', 'When', [['', 'before it takes effect'], ['after', 'after it took effect']]),
      el('button', { class: 'first' }, 'Arm'));
    this.form.noValidate = true;
    this.text = el('input', { type: 'text', name: 'text', spellcheck: 'false', autocomplete: 'off', placeholder: 'status=429,every=5,operation=create_user', 'aria-label': 'Fault as text or JSON' });
    const free = el('form', { class: 'free', onsubmit: act(() => this.arm(this.written())) }, this.text, el('button', {}, 'Arm'));
    this.element = el('section', { class: 'page faults', 'aria-label': 'Faults' },
      el('h2', {}, 'Faults'),
      el('p', { class: 'quiet' }, 'If several faults match, the first one applies.'),
      this.armed,
      el('h3', {}, 'Arm a fault'),
      el('div', { class: 'fields' }, el('label', {}, 'Arm for', this.accounts)),
      el('p', { class: 'quiet' }, 'The faults below apply to requests of this account only. Choose all accounts to apply them to every test.'),
      el('p', { class: 'ready' }, READY.map(([name, rule]) => el('button', { type: 'button', title: ruleText(rule), onclick: act(() => this.arm(rule)) }, name))),
      el('h3', {}, 'Your own fault'), this.form,
      el('h3', {}, 'As text'), el('p', { class: 'quiet' }, 'In the form of --fault, or as JSON.'), free);
  }

  chosen() {
    const field = (name) => this.form.elements[name].value;
    const rule = {};
    const put = (key, name = key, read = Number) => { if (field(name) !== '') rule[key] = read(field(name)); };
    const effect = field('effect');
    if (effect === 'status' || effect === 'wrong_content_type') put('status', 'code');
    if (effect.endsWith('body') || effect === 'wrong_content_type') rule[effect] = true;
    if (effect === effect.toUpperCase()) rule.fault = effect;
    const [key, value] = effect.split('=');
    if (value) rule[key] = value;
    if (field('delay') !== '') rule.delay = { fixed_ms: Number(field('delay')) };
    for (const key of ['operation', 'then', 'when']) put(key, key, String);
    for (const key of ['times', 'every', 'after', 'probability']) put(key);
    return rule;
  }

  written() {
    const text = this.text.value.trim();
    return text.startsWith('{') ? JSON.parse(text) : text;
  }

  // The rule with the chosen account, unless it names one itself.
  aimed(rule) {
    const account = this.accounts.value;
    if (account === '' || rule === '') return rule;
    if (typeof rule !== 'string') return { accountId: account, ...rule };
    return /(^|,)\s*accountId\s*=/.test(rule) ? rule : `${rule},accountId=${account}`;
  }

  async arm(rule) {
    await api('POST', 'faults', this.aimed(rule));
    await this.refresh();
  }

  async refresh() {
    const [{ faults }, { accounts }] = await Promise.all([get('faults'), get('accounts')]);
    choices(this.accounts, [...accounts.map(({ accountId }) => [accountId, accountId]), ['', 'all accounts']]);
    if (!this.chosenByHand) {
      const has = (id) => accounts.some(({ accountId }) => accountId === id);
      const first = accounts.find(({ throwaway }) => !throwaway) ?? accounts[0];
      this.accounts.value = has(this.selected()) ? this.selected() : first?.accountId ?? '';
    }
    update(this.armed, faults, () => this.table(faults));
  }

  table(faults) {
    if (!faults.length) return el('p', { class: 'nothing' }, 'No fault is armed.');
    const disarm = (path) => act(async () => { await api('DELETE', path); await this.refresh(); });
    return [table(['Id', 'Fault', 'Hits', 'State', 'Disarm'], faults.map((one) => el('tr', { class: faultState(one) === 'armed' ? null : 'over' },
      el('td', {}, one.id), el('td', {}, shownRule(one.rule)),
      el('td', { class: 'hits' }, `${one.hits}${one.rule.times === undefined ? '' : ` of ${one.rule.times}`}`), el('td', {}, faultState(one)),
      el('td', {}, el('button', { type: 'button', class: 'small', 'data-key': `disarm ${one.id}`, 'aria-label': `Disarm fault ${one.id}`, onclick: disarm(below('faults', one.id)) }, 'Disarm'))))),
    el('p', {}, el('button', { type: 'button', 'data-key': 'disarm all', onclick: disarm('faults') }, 'Disarm all'))];
  }
}
