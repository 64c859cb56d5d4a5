// The profile: every behaviour with its options and their evidence, for the server or for one
// account. A click switches an option, and can be undone.
import { api, below, get } from './api.js';
import { act, choices, el, evidence, forget, legend, prose, shown, toast, update } from './dom.js';
import { count } from './text.js';

const differs = ({ builtIn }) => new Set(Object.values(builtIn)).size > 1;

export class Profile {
  constructor() {
    this.scope = el('select', { 'aria-label': 'Whose profile', onchange: act(() => { location.hash = this.address(); }) });
    choices(this.scope, [['', 'the server']]);
    this.search = el('input', { type: 'search', placeholder: 'Search  /', 'aria-label': 'Search behaviours', autocomplete: 'off', oninput: act(() => this.refresh()) });
    const filter = () => el('input', { type: 'checkbox', onchange: act(() => this.refresh()) });
    this.changed = filter();
    this.disputed = filter();
    this.title = el('div', {});
    this.index = el('nav', { class: 'index', 'aria-label': 'Areas' });
    this.behaviours = el('div', { class: 'behaviours' });
    this.element = el('section', { class: 'page profile', 'aria-label': 'Profile' },
      el('h2', {}, 'Profile'),
      el('div', { class: 'bar' }, el('label', {}, 'Profile of ', this.scope), this.search,
        el('label', {}, this.changed, ' changed since the start'),
        el('label', {}, this.disputed, ' differs between guide and published')),
      this.title, legend(), el('div', { class: 'columns' }, this.index, this.behaviours));
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
    choices(this.scope, [['', 'the server'], ...accounts.map(({ accountId, ownProfile }) => [accountId, `account ${accountId}${ownProfile ? ' (own profile)' : ''}`])]);
    this.scope.value = this.account;
    const own = accounts.some(({ accountId, ownProfile }) => accountId === this.account && ownProfile);
    const all = Object.entries(profile.behaviours);
    const different = Object.fromEntries(all.filter(([, { option, atStart }]) => option !== atStart).map(([id, { atStart }]) => [id, atStart]));
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = ({ id, question }) => words.every((word) => `${id} ${question}`.toLowerCase().includes(word));
    const some = this.known.filter((one) => fits(one) && (!this.changed.checked || one.id in different) && (!this.disputed.checked || differs(one)));
    this.profile = profile;
    update(this.title, [profile.name, profile.description, different, own, this.account], () => this.head(profile, different, own));
    const areas = Map.groupBy(some, ({ id }) => id.split('.')[0]);
    const counts = [...areas].map(([area, { length }]) => [area, length]);
    update(this.index, counts, () => counts.map(([area, number]) => el('button', { type: 'button', 'data-key': `area ${area}`, onclick: () => this.go(area) }, area, ' ', el('span', { class: 'quiet' }, number))));
    update(this.behaviours, some.map(({ id }) => [id, profile.behaviours[id]]), () => this.areas(areas, profile.behaviours));
  }

  go(area) {
    const section = this.behaviours.querySelector(`[aria-label="${CSS.escape(area)}"]`);
    section.scrollIntoView({ block: 'start' });
    section.querySelector('input')?.focus({ preventScroll: true });
  }

  // Goes to the first hit, once the list follows what was typed.
  async first() {
    await this.refresh();
    this.behaviours.querySelector('input:checked')?.focus();
  }

  // Changes options, and offers to change them back.
  async set(options) {
    const before = Object.fromEntries(Object.keys(options).map((id) => [id, this.profile.behaviours[id].option]));
    const text = Object.entries(options).map(([id, option]) => `${id}: ${before[id]} → ${option}`);
    await this.change('PATCH', options, text.length > 1 ? count(text.length, 'behaviour') + ' changed' : text[0], ['PATCH', before]);
  }

  // Changes the profile as a whole. Undo brings back its options; the name too, if it is built in.
  async use(name) {
    const { name: old, behaviours } = this.profile;
    const options = Object.fromEntries(Object.entries(behaviours).map(([id, { option }]) => [id, option]));
    const back = this.builtIn().includes(old) ? ['PUT', { profile: old, set: options }] : ['PATCH', options];
    await this.change('PUT', name, `Profile ${old} → ${name}`, back);
  }

  builtIn() {
    return Object.keys(this.known[0].builtIn);
  }

  async change(method, body, what, [undoMethod, undoBody]) {
    const path = this.path();
    try {
      await api(method, path, body);
    } catch (error) {
      // The clicked choice does not apply.
      forget(this.behaviours);
      await this.refresh();
      throw error;
    }
    await this.refresh();
    toast(`${what}.`, async () => {
      await api(undoMethod, path, undoBody);
      await this.refresh();
    });
  }

  head(profile, different, own) {
    const number = Object.keys(different).length;
    const use = (name) => el('button', { type: 'button', 'data-key': `use ${name}`, onclick: act(() => this.use(name)) }, name);
    const scope = !this.account ? 'It applies to every account without a profile of its own.'
      : own ? 'This account has a profile of its own.' : 'This account follows the server. A change gives it a profile of its own.';
    return [el('p', {}, el('strong', {}, shown(profile.name)), ': ', shown(profile.description), '. ', el('span', { class: 'quiet' }, scope)),
      el('p', { class: 'ready' }, 'Use ', this.builtIn().map((name) => [use(name), ' ']),
        number ? el('button', { type: 'button', 'data-key': 'back', onclick: act(() => this.set(different)) }, `Back to the start: ${count(number, 'difference')}`) : null)];
  }

  areas(areas, chosen) {
    if (!areas.size) return el('p', { class: 'nothing' }, 'No behaviour matches.');
    return [...areas].map(([area, list]) => el('section', { 'aria-label': area }, el('h3', {}, area), list.map((one) => this.behaviour(one, chosen[one.id]))));
  }

  behaviour(one, { option, atStart, evidence: known }) {
    const { id, question, options, values, builtIn } = one;
    const listed = options.some(({ name }) => name === option);
    const rows = listed ? options : [...options, { name: option, meaning: option, evidence: known }];
    const choose = (name) => act(() => this.set({ [id]: name }));
    const repeats = ({ name, meaning }) => meaning.toLowerCase() === name.toLowerCase();
    const users = (name) => Object.keys(builtIn).filter((profile) => builtIn[profile] === name);
    return el('fieldset', { class: `behaviour${option === atStart ? '' : ' different'}` },
      el('legend', {}, el('code', {}, id), ' ', prose(question),
        option === atStart ? null : el('span', { class: 'mark' }, 'started with ', shown(atStart))),
      rows.map((row) => el('label', { class: row.name === option ? 'chosen' : null },
        el('input', { type: 'radio', name: id, value: row.name, checked: row.name === option, 'data-key': `${id}=${row.name}`, onchange: choose(row.name) }),
        el('span', { class: 'choice' }, el('span', { class: 'name' }, shown(row.name)), ' ',
          differs(one) ? users(row.name).map((profile) => [el('span', { class: 'mark plain' }, `profile ${profile}`), ' ']) : null,
          repeats(row) ? null : el('span', { class: 'meaning' }, prose(row.meaning))),
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
