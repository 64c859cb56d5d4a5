'use strict';
(() => {
  const form = document.getElementById('controls');
  const cases = [...document.querySelectorAll('.case')];
  const shown = document.getElementById('shown');
  const nothing = document.getElementById('nothing');
  const skipped = document.getElementById('skipped');
  const boxes = [...form.querySelectorAll('[name=verdict]')];
  // What a case is searched by: all of it but its exchanges.
  const texts = cases.map((one) => [...one.children]
    .filter((part) => !part.classList.contains('exchange'))
    .map((part) => part.textContent).join(' ').toLowerCase());

  const filter = () => {
    const verdicts = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const level = form.elements.level.value;
    const text = form.elements.text.value.trim().toLowerCase();
    let count = 0;
    cases.forEach((one, index) => {
      const fits = verdicts.has(one.dataset.verdict)
        && (level === '' || one.dataset.level === level)
        && texts[index].includes(text);
      one.hidden = !fits;
      count += fits ? 1 : 0;
    });
    shown.textContent = `${count} of ${cases.length}`;
    nothing.hidden = count > 0;
    if (skipped) skipped.hidden = verdicts.has('skipped');
  };

  form.addEventListener('input', filter);
  form.addEventListener('submit', (event) => event.preventDefault());
  document.getElementById('all').addEventListener('click', () => {
    form.reset();
    boxes.forEach((box) => { box.checked = true; });
    filter();
  });
  if (skipped) {
    skipped.addEventListener('click', () => {
      boxes.find((box) => box.value === 'skipped').checked = true;
      filter();
    });
  }

  document.addEventListener('keydown', (event) => {
    const typing = event.target.matches('input, select, textarea');
    if (event.key === '/' && !typing) {
      event.preventDefault();
      form.elements.text.focus();
    } else if (event.key === 'Escape' && typing) {
      form.elements.text.value = '';
      filter();
      event.target.blur();
    }
  });

  const select = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  };
  document.addEventListener('click', async (event) => {
    if (!event.target.matches('.copy')) return;
    const line = event.target.previousElementSibling;
    try {
      await navigator.clipboard.writeText(line.textContent);
      event.target.textContent = 'Copied';
    } catch {
      // A page opened from a file may have no clipboard; the line is selected instead.
      select(line);
      event.target.textContent = 'Selected';
    }
  });

  const open = () => {
    const one = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (one && one.matches('.case')) {
      one.open = true;
      one.hidden = false;
      one.scrollIntoView();
    }
  };
  addEventListener('hashchange', open);
  // What needs a look is open from the start.
  const bad = cases.filter((one) => ['fail', 'error'].includes(one.dataset.verdict));
  bad.slice(0, 5).forEach((one) => { one.open = true; });
  filter();
  open();
})();
