// shell.js - what stands above all views: the mark, the switch of colours, the sheet of keys.
'use strict';

/** Nine squares, of which some are alight. */
function mark() {
    return svg(
        'svg',
        { viewBox: '0 0 22 22', width: 18, height: 18 },
        Array.from({ length: 9 }, (_, i) =>
            svg('rect', {
                x: 1 + (i % 3) * 7,
                y: 1 + Math.floor(i / 3) * 7,
                width: 6,
                height: 6,
                rx: 1.2,
                opacity: [1, 0.35, 0.6, 0.35, 1, 0.35, 0.6, 0.35, 1][i],
            })
        )
    );
}

/** Light or dark; says which of them it leads to. */
function themeButton() {
    const button = el(
        'button.icon.theme',
        { type: 'button', onclick: () => tell(Theme.toggle()) },
        el('span.sun', { 'aria-hidden': 'true' })
    );
    function tell(now) {
        button.setAttribute('aria-label', now === 'dark' ? 'Light colours' : 'Dark colours');
        button.title = button.getAttribute('aria-label');
    }
    tell(Theme.now());
    return button;
}

/** @param {Array<[string, string]>} rows keys, and what they do @param {string} aside what is said below them */
function helpButton(rows, aside) {
    return el(
        'button.icon.help-button',
        { type: 'button', 'aria-label': 'Help: keys', title: 'Help: keys', onclick: () => showHelp(rows, aside) },
        '?'
    );
}

function showHelp(rows, aside) {
    showDialog(
        'help',
        'Keys',
        el(
            'dl',
            null,
            rows.map(([keys, what]) => el('div', null, el('dt', null, el('kbd', null, keys)), el('dd', null, what)))
        ),
        el('p.aside', null, aside)
    );
}

/** A sheet above the page, until it is closed. */
function showDialog(kind, title, ...children) {
    const id = `${kind}-title`;
    const dialog = el(
        `dialog.${kind}`,
        { 'aria-labelledby': id },
        el('h2', { id }, title),
        ...children,
        el('form', { method: 'dialog' }, el('button', { type: 'submit' }, 'Close'))
    );
    dialog.addEventListener('close', () => dialog.remove());
    dialog.addEventListener('click', event => {
        if (event.target === dialog) dialog.close();
    });
    document.body.append(dialog);
    dialog.showModal();
    return dialog;
}
