// The clock of the mock, in the head of the page: it shows the time, and opens to freeze it, to move
// it forward and to let it run again.
import { api, get } from './api.js';
import { act, el } from './dom.js';

const STEPS = [['1 s', 1000], ['1 min', 60_000], ['15 min', 900_000], ['1 h', 3_600_000], ['1 day', 86_400_000]];

export class Clock {
  constructor() {
    this.hour = el('span', { class: 'hour' });
    this.mark = el('span', { class: 'attention', hidden: true }, 'frozen');
    this.time = el('p', { class: 'now' });
    this.state = el('p', { class: 'quiet', role: 'status' });
    this.toggle = el('button', { type: 'button', class: 'first', onclick: act(() => this.set({ action: this.frozen ? 'resume' : 'freeze' })) }, 'Freeze');
    this.ms = el('input', { type: 'number', min: '1', value: '60000', 'aria-label': 'Milliseconds' });
    const advance = (ms) => this.set({ action: 'advance', ms });
    this.element = el('details', { class: 'clock' },
      el('summary', {}, 'Clock ', this.hour, ' ', this.mark),
      el('div', { class: 'panel' }, this.time, this.state,
        el('p', { class: 'ready' }, this.toggle),
        el('p', { class: 'ready' }, 'Advance by ', STEPS.map(([name, ms]) => el('button', { type: 'button', onclick: act(() => advance(ms)) }, name))),
        el('form', { class: 'free', onsubmit: act(() => advance(Number(this.ms.value))) }, this.ms, ' ms ', el('button', {}, 'Advance')),
        el('p', { class: 'quiet' }, 'All accounts follow it: rate limits, lockouts, tokens, the time to live of faults, Date, and the times in the journal. Delays of faults pass in real time.')));
    document.addEventListener('click', ({ target }) => { if (target.isConnected && !this.element.contains(target)) this.element.open = false; });
  }

  close() {
    this.element.open = false;
    this.element.firstChild.focus();
  }

  async set(request) {
    this.draw(await api('POST', 'clock', request));
  }

  async refresh() {
    this.draw(await get('clock'));
  }

  draw({ now, frozen }) {
    this.frozen = frozen;
    this.hour.textContent = now.slice(11, 16);
    this.mark.hidden = !frozen;
    this.time.textContent = now.replace('T', ' ');
    this.state.textContent = frozen ? 'Frozen' : 'Running';
    this.toggle.textContent = frozen ? 'Resume' : 'Freeze';
  }
}
