// dom.js - elements, and how names and numbers from anywhere become text.
'use strict';

/**
 * Makes an element. Children that are strings become text, never markup.
 * @param {string} tag "div", "div.class.other"
 * @param {Object} [props] onclick …: listeners; style: an object; true, false or null: an attribute without value, or
 *     none; all others: attributes
 * @param {...(Node|string|number|null|Array)} children
 */
function el(tag, props, ...children) {
    const [name, ...classes] = tag.split('.');
    return furnish(document.createElement(name), classes, props, children);
}

/** The same for drawings. */
function svg(tag, props, ...children) {
    const [name, ...classes] = tag.split('.');
    return furnish(document.createElementNS('http://www.w3.org/2000/svg', name), classes, props, children);
}

function furnish(node, classes, props, children) {
    if (classes.length) node.classList.add(...classes);
    for (const [key, value] of Object.entries(props || {})) {
        if (value === null || value === undefined || value === false) continue;
        if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
        else if (key === 'style')
            for (const [property, v] of Object.entries(value)) node.style.setProperty(property, v);
        else node.setAttribute(key, value === true ? '' : value);
    }
    node.append(
        ...children
            .flat(9)
            .filter(child => child !== null && child !== undefined && child !== false)
            .map(child => (child instanceof Node ? child : String(child)))
    );
    return node;
}

// -- names -----------------------------------------------------------------------------------------

// What has no shape of its own, or turns the text around it: controls, zero width, directions, line separators.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** A name as it can be seen: line ends and tabs as arrows, others as their code points. */
function visible(text) {
    return String(text).replace(UNSEEN, c =>
        c === '\n'
            ? '\u21b5'
            : c === '\t'
              ? '\u21e5'
              : `\u2039U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}\u203a`
    );
}

/** A name as an element, apart in its direction from the text around it. */
function name(text, tag = 'bdi') {
    const shown = visible(text);
    return el(tag, { dir: 'auto', class: 'name', title: shown.length > 24 ? shown : null }, shown);
}

/** "dir/photo.jpg" -> "photo.jpg" */
function base(path) {
    return path.slice(path.lastIndexOf('/') + 1) || path;
}

/** At most n characters, for places with room for no more. */
function shorten(text, n) {
    const characters = [...visible(text)];
    return characters.length <= n ? characters.join('') : `${characters.slice(0, n - 1).join('')}\u2026`;
}

// -- numbers ---------------------------------------------------------------------------------------

/** 12345 -> "12,345" */
function count(n) {
    return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 1, "unit" -> "1 unit"; 2 -> "2 units" */
function counted(n, noun, nouns = `${noun}s`) {
    return `${count(n)} ${n === 1 ? noun : nouns}`;
}

/** Three significant digits. */
function number(x) {
    if (x === null || x === undefined || Number.isNaN(x)) return '\u2013';
    if (x === 0) return '0';
    const size = Math.abs(x);
    const text = size >= 1e5 || size < 1e-3 ? x.toExponential(2) : size >= 100 ? x.toFixed(0) : x.toPrecision(3);
    return text.replace('-', '\u2212');
}

function share(x) {
    if (x === null || x === undefined || Number.isNaN(x)) return '\u2013';
    const percent = 100 * x;
    const text =
        percent === 0 || percent >= 10
            ? percent.toFixed(0)
            : percent < 0.01
              ? '< 0.01'
              : percent < 1
                ? percent.toFixed(2)
                : percent.toFixed(1);
    return `${text}\u2009%`;
}

/** By the kind of a column: "number", "share", "angle". */
function measured(x, kind) {
    return kind === 'share'
        ? share(x)
        : kind === 'angle' && x !== null && !Number.isNaN(x)
          ? `${x.toFixed(0)}\u00b0`
          : number(x);
}

/** 1 -> "1st" */
function ordinal(n) {
    const teens = n % 100 >= 11 && n % 100 <= 13;
    return `${n}${(!teens && ['th', 'st', 'nd', 'rd'][n % 10]) || 'th'}`;
}

/** [1, 64, 55, 55] -> "64 × 55 × 55" */
function shape(dims) {
    return dims.slice(1).join('\u2009\u00d7\u2009');
}

// -- commands --------------------------------------------------------------------------------------

/** A word for a POSIX shell. */
function quote(text) {
    const word = String(text);
    return /^[\w@%+=:,.\/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Puts fields into a template, {image} and the like. A path that looks like an option gets ./ before it. */
function command(template, fields) {
    return template.replace(/\{(\w+)\}/g, (all, key) => {
        if (!Object.hasOwn(fields, key)) return all;
        const value = String(fields[key]);
        return quote(key === 'image' && value.startsWith('-') ? `./${value}` : value);
    });
}

/** A command line with a button that copies it. */
function commandLine(text, label) {
    const button = el('button.copy', { type: 'button', 'aria-label': `Copy the command: ${label}` }, 'Copy');
    button.addEventListener('click', async () => {
        button.textContent = (await copy(text)) ? 'Copied' : 'Not copied';
        announce(button.textContent);
        setTimeout(() => {
            button.textContent = 'Copy';
        }, 1500);
    });
    return el(
        'div.command',
        null,
        el('pre', { tabindex: 0, role: 'group', 'aria-label': label }, el('code', { dir: 'ltr' }, visible(text))),
        button
    );
}

async function copy(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        /* not allowed for files, in some browsers: the old way */
    }
    const area = el('textarea', { class: 'out-of-sight', 'aria-hidden': 'true' });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
}

/** Tells those who do not see the page what has changed on it. */
function announce(text) {
    document.getElementById('announcer').textContent = text;
}

// -- controls --------------------------------------------------------------------------------------

/**
 * Buttons of which one is pressed.
 * @param {Array<[string, string]>} choices values and their texts
 */
function segmented(label, choices, value, onchange) {
    const buttons = choices.map(([v, text]) =>
        el(
            'button',
            {
                type: 'button',
                'aria-pressed': String(v === value),
                'data-value': v,
                onclick: () => {
                    pick(v);
                    onchange(v);
                },
            },
            text
        )
    );
    function pick(v) {
        for (const b of buttons) b.setAttribute('aria-pressed', String(b.dataset.value === v));
    }
    const node = el('div.segmented', { role: 'group', 'aria-label': label }, buttons);
    return { node, pick };
}

function selection(label, choices, value, onchange) {
    const select = el(
        'select',
        { 'aria-label': label, onchange: () => onchange(select.value) },
        choices.map(([v, text]) => el('option', { value: v }, text))
    );
    select.value = value;
    return select;
}
