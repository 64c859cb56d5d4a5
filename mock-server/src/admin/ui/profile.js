// The profile: every behaviour with its options and how each is known, for the server or for one
// account, switched with a click.
import { api, below, get } from './api.js';
import { act, choices, el, evidence, forget, prose, shown, update } from './dom.js';
import { count } from './text.js';

export class Profile {
  constructor() {
    this.scope = el('select', { 'aria-label': 'Whose profile', onchange: act(() => { location.hash = this.address(); }) });
    choices(this.scope, [['', 'the server']]);
    this.search = el('input', { type: 'search', placeholder: 'Search  /', 'aria-label': 'Search behaviours', autocomplete: 'off', oninput: act(() => this.refresh()) });
    this.changed = el('input', { type: 'checkbox', onchange: act(() => this.refresh()) });
    this.title = el('div', {});
    this.behaviours = el('div', { class: 'behaviours' });
    this.element = el('section', { class: 'page profile', 'aria-label': 'Profile' },
      el('h2', {}, 'Profile'),
      el('div', { class: 'bar' }, el('label', {}, 'of ', this.scope), this.search,
        el('label', {}, this.changed, ' only what differs from the start')),
      this.title, this.behaviours);
  }

  // `#/profile/put.semantics?account=12345`
  async show([behaviour], query) {
    this.account = query.get('account') ?? '';
    if (behaviour !== this.asked) this.search.value = behaviour ?? '';
    this.asked = behaviour;
    await this.refresh();
  }

  address() {
    return this.scope.value ? `#/profile?account=${encodeURIComponent(this.scope.value)}` : '#/profile';
  }

  path() {
    return this.account ? `${below('accounts', this.account)}/profile` : 'profile';
  }

  async refresh() {
    const [profile, { accounts }] = await Promise.all([get(this.path()), get('accounts')]);
    this.known ??= (await get('behaviours')).behaviours;
    choices(this.scope, [['', 'the server'], ...accounts.map(({ accountId, ownProfile }) => [accountId, `account ${accountId}${ownProfile ? ', its own' : ''}`])]);
    this.scope.value = this.account;
    const own = accounts.some(({ accountId, ownProfile }) => accountId === this.account && ownProfile);
    const all = Object.entries(profile.behaviours);
    const different = Object.fromEntries(all.filter(([, { option, atStart }]) => option !== atStart).map(([id, { atStart }]) => [id, atStart]));
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = ({ id, question }) => words.every((word) => `${id} ${question}`.toLowerCase().includes(word));
    const some = this.known.filter((one) => fits(one) && (!this.changed.checked || one.id in different));
    update(this.title, [profile.name, profile.description, different, own, this.account], () => this.head(profile, different, own));
    update(this.behaviours, [some.map(({ id }) => [id, profile.behaviours[id]])], () => this.areas(some, profile.behaviours));
  }

  async set(options) {
    try {
      await api('PATCH', this.path(), options);
    } catch (error) {
      // The choice that was clicked is not what holds.
      forget(this.behaviours);
      await this.refresh();
      throw error;
    }
    await this.refresh();
  }

  head(profile, different, own) {
    const number = Object.keys(different).length;
    const use = (name) => el('button', { type: 'button', 'data-key': `use ${name}`, onclick: act(async () => {
      await api('PUT', this.path(), name);
      await this.refresh();
    }) }, name);
    const scope = !this.account ? 'For every account without a profile of its own.'
      : own ? 'This account has a profile of its own.' : 'This account follows the server. A change gives it a profile of its own.';
    return [el('p', {}, el('strong', {}, shown(profile.name)), ': ', shown(profile.description), '. ', el('span', { class: 'quiet' }, scope)),
      el('p', { class: 'ready' }, 'Use ', use('guide'), ' ', use('published'), ' ',
        number ? el('button', { type: 'button', 'data-key': 'back', onclick: act(() => this.set(different)) }, `Back to the start: ${count(number, 'difference')}`) : null)];
  }

  areas(some, chosen) {
    if (!some.length) return el('p', { class: 'nothing' }, 'No behaviour fits.');
    const areas = new Map();
    for (const one of some) {
      const [area] = one.id.split('.');
      areas.set(area, [...(areas.get(area) ?? []), one]);
    }
    return [...areas].map(([area, list]) => el('section', { 'aria-label': area }, el('h3', {}, area), list.map((one) => this.behaviour(one, chosen[one.id]))));
  }

  behaviour({ id, question, options, values }, { option, atStart, evidence: known }) {
    const listed = options.some(({ name }) => name === option);
    const rows = listed ? options : [...options, { name: option, meaning: option, evidence: known }];
    const choose = (name) => act(() => this.set({ [id]: name }));
    return el('fieldset', { class: `behaviour${option === atStart ? '' : ' different'}` },
      el('legend', {}, el('code', {}, id), ' ', prose(question),
        option === atStart ? null : el('span', { class: 'mark' }, 'started with ', shown(atStart))),
      rows.map((row) => el('label', { class: row.name === option ? 'chosen' : null },
        el('input', { type: 'radio', name: id, value: row.name, checked: row.name === option, 'data-key': `${id}=${row.name}`, onchange: choose(row.name) }),
        el('span', { class: 'name' }, shown(row.name)),
        el('span', { class: 'meaning' }, row.meaning === row.name ? null : prose(row.meaning)),
        evidence(row.evidence))),
      values ? this.other(id, values) : null);
  }

  other(id, values) {
    const input = el('input', { type: 'text', 'aria-label': `Another value for ${id}`, placeholder: values, 'data-key': `other ${id}` });
    const submit = async () => {
      const { value } = input;
      // It stays only where it is refused.
      input.value = '';
      try {
        await this.set({ [id]: value.trim() });
      } catch (error) {
        this.behaviours.querySelector(`[data-key="${CSS.escape(input.dataset.key)}"]`).value = value;
        throw error;
      }
    };
    return el('form', { class: 'other', onsubmit: act(submit) }, input, el('button', { class: 'small' }, 'Set'));
  }
}
