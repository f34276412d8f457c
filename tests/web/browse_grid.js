// browse_grid.js - a layer: what its grid holds, sorts, leaves out, and how it is walked.
'use strict';
const assert = require('assert');
const { data, front, BIG, column, unit, layerHash, numbers, text, found } = require('./written.js');

module.exports = test => {
    test('a layer of many units holds only those near the window', async ({ page, visit }) => {
        await visit(layerHash(BIG));
        const n = front.layers[BIG].units;
        assert((await page.locator('.cell').count()) < 150);
        assert.deepStrictEqual(
            (await numbers(page)).slice(0, 40),
            Array.from({ length: 40 }, (_, i) => i)
        );
        await page.evaluate(async () => {
            for (let y = 0; y < document.body.scrollHeight; y += innerHeight) {
                scrollTo(0, y);
                await new Promise(requestAnimationFrame);
            }
        });
        await page.waitForFunction(
            last =>
                [...document.querySelectorAll('.cell:not([hidden]) .unit-number')].some(
                    c => Number(c.textContent) === last
                ),
            n - 1
        );
        assert((await page.locator('.cell').count()) < 150);
        assert.strictEqual(await page.locator('.cell:not([hidden])').last().getAttribute('aria-setsize'), String(n));
    });

    test('units are sorted by any column, those without a value last', async ({ page, visit }) => {
        await visit(layerHash(BIG));
        for (const key of ['max', 'orientation']) {
            await page.selectOption('select[aria-label="Sort by"]', key);
            const values = column(BIG, key);
            const order = values
                .map((_, i) => i)
                .filter(i => values[i] !== null)
                .sort((a, b) => values[b] - values[a] || a - b);
            await page.waitForFunction(
                i => document.querySelector('.cell[data-place="0"] .unit-number')?.textContent === i,
                String(order[0])
            );
            assert.deepStrictEqual((await numbers(page)).slice(0, 60), order.slice(0, 60));
        }
        await page.click('.direction');
        const values = column(BIG, 'orientation');
        const least = values.indexOf(Math.min(...values.filter(v => v !== null)));
        await page.waitForFunction(
            i => document.querySelector('.cell[data-place="0"] .unit-number')?.textContent === i,
            String(least)
        );
        await page.keyboard.press('ArrowDown');
        await page.focus('.cell[data-place="0"] a');
        await page.keyboard.press('End');
        await page.waitForSelector('.cell:not([hidden]) .picture.dead');
    });

    test('filters leave the units that pass, and are kept in the address', async ({ page, visit }) => {
        await visit(layerHash(BIG));
        const n = '1,100 units',
            live = column(BIG, 'max').filter(v => v !== null).length;
        await page.selectOption('select[aria-label="Dead or alive"]', 'dead');
        await found(page, `${1100 - live} of ${n}`);
        await page.selectOption('select[aria-label="Dead or alive"]', 'alive');
        await found(page, `${live.toLocaleString('en')} of ${n}`);
        await page.click('text=Filters');
        const slider = page.locator('input[aria-label="Class selectivity, at least"]');
        await slider.focus();
        await slider.fill('120'); // of 200
        const { lo, hi } = data(`layer-${BIG}`).columns.class_selectivity;
        const edge = Number((lo + (hi - lo) * 0.6).toPrecision(6));
        const pass = column(BIG, 'class_selectivity')
            .map((v, i) => (v !== null && v >= edge ? i : -1))
            .filter(i => i >= 0);
        await found(page, `${pass.length} of ${n}`);
        const best = column(BIG, 'best_class');
        await page.fill('input[aria-label="Class it prefers"]', 'tench');
        await page.keyboard.press('Enter');
        const both = pass.filter(i => best[i] === 0);
        await found(page, `${both.length} of ${n}`);
        assert.deepStrictEqual(await numbers(page), both.slice(0, (await numbers(page)).length));
        const address = page.url();
        await visit('#/');
        await visit(new URL(address).hash);
        await found(page, `${both.length} of ${n}`);
        await page.click('text=Show all');
        await found(page, n);
    });

    test('the size slider and the choice of pictures change the grid', async ({ page, visit }) => {
        await visit(layerHash(0));
        const width = () => page.$eval('.cell', c => c.clientWidth);
        const small = await width();
        await page.locator('input[aria-label="Size of the pictures"]').fill('200');
        await page.waitForFunction(w => document.querySelector('.cell:not([hidden])').clientWidth > 1.6 * w, small);
        await page.click('text=Patches');
        assert((await page.$eval('.cell:not([hidden]) .picture', p => p.style.backgroundImage)).includes('/patches-'));
    });

    test('a grid is walked by keys, opened by Enter, and found again by Back', async ({ page, visit, settled }) => {
        await visit(`${layerHash(BIG)}?sort=max`);
        await page.keyboard.press('ArrowDown'); // into the grid
        const here = () => page.evaluate(() => Number(document.activeElement.closest('.cell').dataset.place));
        assert.strictEqual(await here(), 0);
        await page.keyboard.press('ArrowRight');
        await page.keyboard.press('ArrowRight');
        await page.keyboard.press('ArrowLeft');
        assert.strictEqual(await here(), 1);
        await page.keyboard.press('ArrowDown');
        assert((await here()) > 5);
        await page.keyboard.press('End');
        assert.strictEqual(await here(), 1099);
        await page.keyboard.press('Home');
        assert.strictEqual(await here(), 0);
        for (let i = 0; i < 3; i++) await page.keyboard.press('PageDown');
        const place = await here(),
            scrolled = await page.evaluate(() => scrollY);
        assert(place > 100 && scrolled > 600);
        const number = await page.evaluate(() => document.activeElement.querySelector('.unit-number').textContent);
        await settled(() => page.keyboard.press('Enter'));
        assert.strictEqual(await text(page, 'h1'), `Unit ${number}`);
        assert.strictEqual(await page.evaluate(() => document.activeElement.tagName), 'H1');
        await settled(() => page.keyboard.press('j')); // in the order of the grid
        const values = column(BIG, 'max');
        const order = values
            .map((_, i) => i)
            .filter(i => values[i] !== null)
            .sort((a, b) => values[b] - values[a] || a - b);
        assert.strictEqual(await text(page, 'h1'), `Unit ${order[order.indexOf(Number(number)) + 1]}`);
        await settled(() => page.goBack());
        await settled(() => page.goBack());
        assert.strictEqual(await page.$eval('select[aria-label="Sort by"]', s => s.value), 'max');
        assert(Math.abs((await page.evaluate(() => scrollY)) - scrolled) < 2);
        await settled(() => page.goForward());
        assert.strictEqual(await text(page, 'h1'), `Unit ${number}`);
        await settled(() => page.keyboard.press('u'));
        assert.strictEqual(await page.$eval('select[aria-label="Sort by"]', s => s.value), 'max');
    });
};
