// browse_readers.js - for all readers: names from anywhere, colours, a phone, and what axe says.
'use strict';
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { MODULES } = require('./browser.js');
const { data, front, SMALL, layerHash, unitHash, text } = require('./written.js');

const axe = fs.readFileSync(path.join(MODULES, 'axe-core/axe.min.js'), 'utf8');

// Of classes and images the one with the fewest units: axe looks at every one.
const fewest = list => list.map((_, i) => i).sort((a, b) => list[a] - list[b])[0];
const VIEWS = [
    '#/',
    layerHash(SMALL),
    unitHash(0, 0),
    `#/class/${fewest(data('classes-0').map(c => c.units.flatMap(u => u[1]).length))}`,
    `#/image/${fewest(data('images-0').map(image => image.hits.length))}`,
    '#/against',
    `#/against/${front.layers[SMALL].id}`,
];

module.exports = test => {
    test('names of layers, classes and images are text, whatever they hold', async ({ page, visit }) => {
        const names = data('classes').names;
        for (let c = 3; c < names.length; c++) {
            await visit(`#/class/${c}`);
            assert.strictEqual(
                (await text(page, 'h1'))
                    .replaceAll('\u21b5', '\n')
                    .replaceAll('\u21e5', '\t')
                    .replace(/\u2039U\+([0-9A-F]{4})\u203a/g, (_, code) => String.fromCharCode(parseInt(code, 16))),
                names[c]
            );
        }
        for (let k = 0; k < front.layers.length; k++) {
            await visit(layerHash(k));
            assert.strictEqual(
                (await text(page, 'h1')).replaceAll('\u21b5', '\n').replaceAll('\u21e5', '\t'),
                front.layers[k].name
            );
            await page.waitForSelector('.cell');
        }
        assert(!(await page.title()).startsWith('broken'));
        assert.strictEqual(await page.locator('img[onerror], main script').count(), 0);
        await visit('#/class/%3Cscript%3E');
        assert.strictEqual(await text(page, 'h1'), 'Not here');
    });

    test('help opens and closes by keys, and colours are switched and kept', async ({ page, visit }) => {
        await visit('#/');
        await page.keyboard.press('?');
        await page.waitForSelector('dialog[open]');
        await page.keyboard.press('Escape');
        await page.waitForSelector('dialog', { state: 'detached' });
        const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        const light = await paper();
        await page.keyboard.press('t');
        const dark = await paper();
        assert.notStrictEqual(light, dark);
        await page.reload();
        await page.waitForSelector('h1');
        assert.strictEqual(await paper(), dark);
        await page.keyboard.press('t');
        assert.strictEqual(await paper(), light);
        await page.emulateMedia({ colorScheme: 'dark' });
        assert.strictEqual(await paper(), light); // the reader's choice stays
        await page.emulateMedia({ colorScheme: 'light' });
    });

    test('nothing is wider than a phone', async ({ page, visit }) => {
        await page.setViewportSize({ width: 390, height: 844 });
        for (const hash of VIEWS) {
            await visit(hash);
            assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), hash);
        }
        await page.setViewportSize({ width: 1280, height: 800 });
    });

    test('axe finds nothing serious in any view, light or dark', async ({ page, visit }) => {
        await page.evaluate(() => localStorage.clear());
        await page.reload();
        await page.waitForSelector('h1');
        await page.evaluate(axe);
        for (const hash of VIEWS) {
            await visit(hash);
            if (hash === layerHash(SMALL)) await page.click('text=Filters');
            // The colours are the same everywhere: three views have all of them.
            for (const dark of VIEWS.indexOf(hash) < 3 ? [false, true] : [false]) {
                if (dark) await page.emulateMedia({ colorScheme: 'dark' });
                const rules = dark
                    ? { type: 'rule', values: ['color-contrast'] }
                    : { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] };
                const { violations } = await page.evaluate(
                    r => window.axe.run(document, { runOnly: r, resultTypes: ['violations'], preload: false }),
                    rules
                );
                const serious = violations.filter(v => ['serious', 'critical'].includes(v.impact));
                assert.deepStrictEqual(
                    serious.map(v => `${hash}: ${v.id}: ${v.nodes[0].html} ${v.nodes[0].failureSummary}`),
                    []
                );
            }
            await page.emulateMedia({ colorScheme: 'light' });
        }
    });
};
