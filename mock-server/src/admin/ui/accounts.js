// Accounts, their users and roles, what was done to a user, and throwaway accounts.
import { api, below, get } from './api.js';
import { act, el, shown, update } from './dom.js';
import { count, oneLine } from './text.js';

// How many users are listed; the filter finds the others.
const LISTED = 200;
// More are not fetched: one document has them all.
const MOST = 10_000;

const table = (heads, rows) => el('table', {},
  el('thead', {}, el('tr', {}, heads.map((name) => el('th', { scope: 'col' }, name)))), el('tbody', {}, rows));
// The fields of a user as in a seed file, those of its details among them.
const fields = ({ details = {}, ...rest }) => ({ ...rest, ...details });

// What differs between a user before and after, as [name, before, after]; undefined where it is absent.
function differences(before, after) {
  if (!after) return [];
  const [from, to] = [fields(before ?? {}), fields(after)];
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return names.map((name) => [name, from[name], to[name]])
    .filter(([, one, other]) => JSON.stringify(one) !== JSON.stringify(other));
}

const value = (one) => (one === undefined ? 'absent' : typeof one === 'object' ? JSON.stringify(one) : `${one}`);

const cell = (value) => el('td', {}, value === undefined ? '' : shown(value));

export class Accounts {
  constructor() {
    this.list = el('div', {});
    this.made = el('div', { role: 'status' });
    this.filter = el('input', { type: 'search', placeholder: 'Search  /', 'aria-label': 'Search users', autocomplete: 'off', oninput: act(() => this.refresh()) });
    this.users = el('div', {});
    this.log = el('div', {});
    this.element = el('section', { class: 'page accounts', 'aria-label': 'Accounts' },
      el('h2', {}, 'Accounts'), this.list,
      el('p', {}, el('button', { type: 'button', onclick: act(() => this.create()) }, 'New throwaway account')),
      this.made, el('div', { class: 'bar' }, this.filter), this.log, this.users);
  }

  async show([id, user]) {
    if (id !== this.id) this.filter.value = '';
    this.id = id;
    this.user = user;
    await this.refresh();
  }

  async create() {
    const made = await api('POST', 'accounts', {});
    const pair = (name, value) => [el('dt', {}, name), el('dd', {}, el('code', {}, shown(value)))];
    this.made.replaceChildren(el('p', {}, 'Made. The password is shown this once:'), el('dl', { class: 'pairs' },
      pair('account', made.accountId), pair('username', made.username), pair('password', made.password),
      pair('clientId', made.clientId), pair('clientSecret', made.clientSecret), pair('base URL', made.baseUrl)));
    location.hash = `#/accounts/${encodeURIComponent(made.accountId)}`;
    await this.refresh();
  }

  async refresh() {
    const { accounts } = await get('accounts');
    const account = accounts.find(({ accountId }) => accountId === this.id) ?? (this.id === undefined ? accounts[0] : undefined);
    update(this.list, [accounts, account?.accountId], () => this.accounts(accounts, account));
    this.filter.hidden = !account?.users;
    if (!account) {
      this.noLog();
      update(this.users, this.id, () => el('p', { class: 'nothing' }, this.id === undefined ? 'There is no account.' : ['There is no account ', shown(this.id), ', or no longer.']));
      return;
    }
    if (account.users > MOST) {
      this.noLog();
      update(this.users, account, () => el('p', { class: 'nothing' }, `${count(account.users, 'user')} are too many to show here. GET accounts/{id}/snapshot has them.`));
      return;
    }
    const { accounts: [contents] } = await get(`${below('accounts', account.accountId)}/snapshot`);
    await this.showLog(account, contents.users ?? []);
    const word = this.filter.value.trim().toLowerCase();
    const of = (user) => [user.userId, user.username, user.firstName, user.lastName, user.email].join('\n').toLowerCase();
    const users = (contents.users ?? []).filter((user) => of(user).includes(word));
    const roles = contents.roles ?? [];
    update(this.users, [users.slice(0, LISTED), users.length, roles, account.accountId, this.user], () => this.contents(account, users, roles));
  }

  noLog() {
    update(this.log, null, () => []);
  }

  // What was done to the user that was chosen.
  async showLog(account, users) {
    if (this.user === undefined) {
      this.noLog();
      return;
    }
    if (!users.some(({ userId }) => userId === this.user)) {
      update(this.log, this.user, () => el('p', { class: 'nothing' }, 'There is no user ', shown(this.user), ', or no longer.'));
      return;
    }
    const { events } = await get(`${below('accounts', account.accountId)}/${below('users', this.user)}/events`);
    update(this.log, [account.accountId, this.user, events], () => [
      el('h3', {}, 'Log of user ', shown(this.user)),
      events.length ? table(['Time', 'Event', 'By', 'What changed'], events.map((event) => el('tr', {},
        cell(event.time), el('td', {}, event.kind, event.success ? null : [' ', el('span', { class: 'mark' }, 'failed')]), cell(event.login),
        el('td', {}, differences(event.before, event.after).map(([name, before, after]) => el('div', {},
          el('code', {}, name), ': ', event.before ? [shown(value(before)), ' → '] : null, shown(value(after)))))))
      ) : el('p', { class: 'nothing' }, ['Nothing was done to this user since the mock started. Only profiles with ', el('code', {}, 'surface.identity=served'), ' keep a log.']),
    ]);
  }

  accounts(accounts, selected) {
    const change = (method, path) => act(async () => { await api(method, path); await this.refresh(); });
    const button = (text, account, method, path) => el('button', { type: 'button', class: 'small', 'data-key': `${text} ${account.accountId}`, 'aria-label': oneLine(`${text} ${account.accountId}`), onclick: change(method, path) }, text);
    return table(['Account', 'Company', 'Domain', 'Login', 'Clients', 'Users', 'Roles', 'Profile', 'Actions'], accounts.map((account) => {
      const path = below('accounts', account.accountId);
      const failed = account.failedLogins.map(({ username, failures, lockedOut }) =>
        [' ', el('span', { class: 'mark' }, shown(username), lockedOut ? ' is locked out' : `: ${count(failures, 'failed login')}`)]);
      return el('tr', { class: account === selected ? 'selected' : null },
        el('td', {}, el('a', { href: `#/accounts/${encodeURIComponent(account.accountId)}`, 'data-key': `account ${account.accountId}`, 'aria-current': account === selected ? 'true' : null }, shown(account.accountId)),
          account.throwaway ? [' ', el('span', { class: 'mark plain' }, 'throwaway')] : null,
          account.furtherAccounts.map(({ accountId, companyName }) => el('div', { class: 'quiet' }, 'and ', shown(accountId), companyName ? [' ', shown(companyName)] : null)), failed),
        cell(account.companyName), cell(account.domainName), cell(account.username), cell(account.clientIds.join(', ')), el('td', {}, account.users.toLocaleString('en')), el('td', {}, account.roles),
        el('td', {}, el('a', { href: `#/profile?account=${encodeURIComponent(account.accountId)}` }, shown(account.profile)), account.ownProfile ? ', its own' : ''),
        el('td', { class: 'buttons' }, account.failedLogins.length ? button('Unlock', account, 'POST', `${path}/unlock`) : null,
          button('Reset', account, 'POST', `${path}/reset`), account.throwaway ? button('Delete', account, 'DELETE', path) : null));
    }));
  }

  contents(account, users, roles) {
    const names = new Map(roles.map(({ roleId, roleName }) => [roleId, roleName]));
    const path = `#/${below('accounts', account.accountId)}`;
    const main = [account.accountId];
    const rows = users.slice(0, LISTED).map((user) => el('tr', { class: user.userId === this.user ? 'selected' : null }, cell(user.userId),
      el('td', {}, el('a', { href: `${path}/${encodeURIComponent(user.userId)}`, 'data-key': `user ${user.userId}`, title: 'what was done to this user' }, shown(user.username))),
      cell([user.firstName, user.lastName].filter(Boolean).join(' ')), cell(user.email),
      el('td', {}, (user.roles ?? []).map((id, index) => [index ? ', ' : '', shown(names.get(id) ?? id)])),
      cell(user.accountScope ?? 'Account'), cell((user.accounts ?? main).join(', ')),
      el('td', {}, user.enabled === false ? el('span', { class: 'mark' }, 'disabled') : ''),
      cell((user.resources ?? []).join(', '))));
    return [el('h3', {}, 'Users of ', shown(account.accountId)),
      rows.length ? table(['Id', 'Username', 'Name', 'Email', 'Roles', 'Scope', 'Accounts', 'State', 'Resources'], rows) : el('p', { class: 'nothing' }, 'No user.'),
      users.length > LISTED ? el('p', { class: 'quiet' }, `The first ${LISTED} of ${count(users.length, 'user')}; search for the others.`) : null,
      el('h3', {}, 'Roles'),
      roles.length ? table(['Id', 'Name', 'Permissions'], roles.map((role) => el('tr', {}, cell(role.roleId), cell(role.roleName), cell((role.permissions ?? []).join(', ')))))
        : el('p', { class: 'nothing' }, 'No role.')];
  }
}
