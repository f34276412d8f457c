// serve_readers.js - for all readers: by keys alone, on a phone, and what axe says.
'use strict';
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { MODULES } = require('./browser.js');
const { address, showsProjection, comes, state } = require('./seen.js');

const axe = fs.readFileSync(path.join(MODULES, 'axe-core/axe.min.js'), 'utf8');

module.exports = test => {
    test('all of it is done by keys alone', async ({ page, visit, settled }) => {
        const { images } = await state(page);
        await visit(`#/?i=${images[0].id}&l=3&u=5`);
        await showsProjection(page);
        const press = key => settled(() => page.keyboard.press(key));
        await press('.');
        assert.strictEqual(address(page).get('i'), images[1].id);
        await press(',');
        await press(']');
        assert.strictEqual(address(page).get('l'), '4');
        await press('[');
        await press('j');
        await press('j');
        await press('k');
        const place = () => address(page).get('p');
        await page.keyboard.press('ArrowDown'); // into the map
        assert.strictEqual(await page.evaluate(() => document.activeElement.className), 'big-map');
        await press('ArrowDown');
        await comes(page, 'p', place());
        const [y, x] = place().split(',').map(Number);
        await press('ArrowRight');
        await comes(page, 'p', `${y},${Math.min(x + 1, 7)}`);
        await showsProjection(page);
        await press('a');
        assert.strictEqual(place(), 'all');
        await press('m');
        assert.strictEqual(place(), null);
        await press('r');
        assert.strictEqual(address(page).get('r'), 'guided');
        await press('s');
        await press('v');
        await press('+');
        await press('i');
        await press('h');
        for (const [key, value] of Object.entries({ s: 'one', v: 'full', z: '1', w: 'input' }))
            await comes(page, key, value);
        // The grid: the option that is active is said, Enter takes it.
        await page.focus('.maps-scroll');
        await page.keyboard.press('Home');
        await page.keyboard.press('ArrowRight');
        assert.match(await page.textContent('[role=option]'), /^unit 1, /);
        await settled(() => page.keyboard.press('Enter'));
        await comes(page, 'u', '1');
        // The brush.
        await page.keyboard.press('g');
        await page.keyboard.press('ArrowLeft');
        await press('Space');
        await page.waitForFunction(() => location.hash.includes('e=grey:'));
        await page.keyboard.press('Escape');
        await press('x');
        // Everything that can be clicked is come to by Tab, and is seen to be.
        await page.evaluate(() => document.activeElement.blur());
        const seen = new Set();
        // It begins where the focus was: from the first of the page to its end.
        for (let i = 0; i < 400; i++) {
            await page.keyboard.press('Tab');
            seen.add(
                await page.evaluate(() => {
                    const a = document.activeElement;
                    const style = getComputedStyle(a);
                    const shown = style.outlineStyle !== 'none' || style.boxShadow !== 'none';
                    return a === document.body
                        ? 'end'
                        : shown
                          ? (a.getAttribute('aria-label') || a.textContent).trim()
                          : `NOT SEEN ${a.outerHTML.slice(0, 90)}`;
                })
            );
            if (seen.delete('end') && seen.has('Skip to the content')) break;
        }
        assert.deepStrictEqual(
            [...seen].filter(text => text.startsWith('NOT SEEN')),
            []
        );
        for (const text of [
            'Add images',
            'Grey',
            'Input',
            'Unit',
            'Whole map',
            'guided',
            'Copy command',
            'Keep',
            'Order',
        ])
            assert(seen.has(text), `${text} is not among ${[...seen].join(' | ')}`);
    });

    test('help opens and closes by keys, and colours are switched', async ({ page, visit }) => {
        await visit('#/');
        await page.keyboard.press('?');
        await page.waitForSelector('dialog[open]');
        await page.keyboard.press('Escape');
        await page.waitForSelector('dialog', { state: 'detached' });
        const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        const light = await paper();
        await page.keyboard.press('t');
        assert.notStrictEqual(await paper(), light);
        await page.keyboard.press('t');
        assert.strictEqual(await paper(), light);
    });

    test('nothing is wider than a phone', async ({ page, visit, settled }) => {
        await page.setViewportSize({ width: 390, height: 844 });
        const { images } = await state(page);
        for (const hash of [
            '#/?l=3',
            '#/?i=00',
            '#/?l=2&r=three&v=full',
            `#/?l=3&b=1&i2=${images[1].id}`,
            '#/?l=8&z=16',
        ]) {
            await visit(hash);
            if (!hash.includes('i=00')) await page.waitForSelector('.predictions li');
            const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            assert(wide <= 0, `${hash}: ${wide} px too wide`);
        }
        await visit('#/?l=3');
        const frame = await page.locator('.big-map').boundingBox();
        assert(frame.width > 200);
        await settled(() =>
            page.locator('.big-map').click({ position: { x: frame.width * 0.3, y: frame.height * 0.8 } })
        );
        await showsProjection(page);
        await page.setViewportSize({ width: 1280, height: 800 });
    });

    test('axe finds nothing serious in any view, light or dark', async ({ page, visit }) => {
        const { images } = await state(page);
        await page.evaluate(axe);
        const views = ['#/?l=3&r=three', '#/?i=00', `#/?l=8&b=1&i2=${images[1].id}&e=turn:20`];
        for (const hash of views) {
            await visit(hash);
            if (hash === views[0]) {
                await page.click('.moves summary');
                await page.click('.stage [data-value="grey"]');
                await page.keyboard.press('n');
                await page.waitForSelector('.message');
            }
            // The colours are the same everywhere: the first view has all of them.
            for (const dark of hash === views[0] ? [false, true] : [false]) {
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
