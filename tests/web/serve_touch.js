// serve_touch.js - the photograph is painted, moved, turned and scaled, and everything follows.
'use strict';
const assert = require('assert');
const { address, pixels, showsProjection, comes, state } = require('./seen.js');

const top = page => page.$$eval('.predictions li', list => list.map(li => li.textContent));

/** Where a point of the network's input is on the screen; y and x from 0 to 1. */
async function placeOfInput(page, y, x) {
    const box = await page.locator('.stage .wet').boundingBox();
    return [box.x + x * box.width, box.y + y * box.height];
}

module.exports = test => {
    test('what is painted grey is grey to the network, and all follows', async ({ page, visit, settled }) => {
        await visit('#/?l=2');
        await showsProjection(page);
        const [map, words] = [await pixels(page, '.maps-space canvas'), await top(page)];
        await page.click('.stage [data-value="grey"]');
        await page.mouse.move(...(await placeOfInput(page, 0.2, 0.2)));
        await page.mouse.down();
        await page.mouse.move(...(await placeOfInput(page, 0.8, 0.75)), { steps: 12 });
        await page.mouse.up();
        await page.waitForFunction(() => location.hash.includes('e=grey:'));
        const edit = () => address(page).get('e');
        assert.match(edit(), /^grey:[0-9a-f]{256}$/);
        await page.waitForFunction(() => !document.querySelector('.given').hidden);
        await showsProjection(page);
        assert.notDeepStrictEqual(await top(page), words);
        assert.notStrictEqual(await pixels(page, '.maps-space canvas'), map);
        assert(await page.locator('.was:not([hidden])').count());
        // Blurred over it, restored, and as it was.
        await page.click('.stage [data-value="blur"]');
        await settled(async () => page.mouse.click(...(await placeOfInput(page, 0.5, 0.5))));
        await page.waitForFunction(() => /e=grey:[0-9a-f]+;blur:[0-9a-f]+/.test(location.hash));
        await page.click('.stage [data-value="back"]');
        await page.locator('.brush-size input').fill('16');
        await settled(async () => page.mouse.click(...(await placeOfInput(page, 0.5, 0.5))));
        await page.waitForFunction(() => !location.hash.includes('blur:'));
        await settled(() => page.click('button:text-is("As it was")'));
        assert.strictEqual(edit(), null);
        await showsProjection(page);
        await page.waitForFunction(
            was => [...document.querySelectorAll('.predictions li')].map(li => li.textContent).join() === was,
            words.join()
        );
        await page.click('.stage [data-value="look"]');
    });

    test('a stroke is one step back', async ({ page, visit, settled }) => {
        await visit('#/?l=3');
        await showsProjection(page);
        await page.click('.stage [data-value="grey"]');
        const before = await page.evaluate(() => history.length);
        await page.mouse.move(...(await placeOfInput(page, 0.4, 0.3)));
        await page.mouse.down();
        await page.mouse.move(...(await placeOfInput(page, 0.4, 0.9)), { steps: 10 });
        await page.mouse.up();
        await page.waitForFunction(() => location.hash.includes('e=grey:'));
        assert.strictEqual(await page.evaluate(() => history.length), before + 1);
        await page.waitForTimeout(200); // a drag is put into the address when it rests
        await settled(() => page.goBack());
        assert.strictEqual(address(page).get('e'), null);
        await page.click('.stage [data-value="look"]');
        await showsProjection(page);
    });

    test('a slider turns the image, and the curves grow', async ({ page, visit, settled }) => {
        await visit('#/?l=3');
        await showsProjection(page);
        await page.click('.moves summary');
        const slider = page.locator('input[aria-label="Turn"]');
        const points = n =>
            page.waitForFunction(n => document.querySelector('.curve-note').textContent.startsWith(`${n} point`), n);
        await points(1); // as it is
        for (const [value, n] of [
            ['30', 2],
            ['60', 3],
            ['-90', 4],
        ]) {
            await settled(() => slider.fill(value));
            await comes(page, 'e', `turn:${value}`);
            await points(n);
        }
        await showsProjection(page);
        const { models } = await state(page);
        assert.strictEqual(await page.locator('.curve').first().locator('.line').count(), models[0].layers.length);
        assert.strictEqual(await page.locator('.line.class').count(), 1);
        await page.click('text=Sweep');
        await page.waitForFunction(() => parseInt(document.querySelector('.curve-note').textContent, 10) >= 7);
        await page.click('.moves button:text-is("Stop")');
        await page.waitForFunction(() => document.querySelector('.moves button').textContent === 'Sweep');
        await comes(page, 'e', 'turn:-90');
        for (const [label, text] of [
            ['Move to the right', 'move:5,0'],
            ['Move down', 'move:5,-3'],
            ['Scale', 'move:5,-3;turn:-90;scale:1.5'],
        ]) {
            await settled(() =>
                page
                    .locator(`input[aria-label="${label}"]`)
                    .fill({ 'Move to the right': '5', 'Move down': '-3', Scale: '1.5' }[label])
            );
            await page.waitForFunction(t => decodeURIComponent(location.hash).includes(`e=${t}`), text);
        }
        await showsProjection(page);
        await page.click('.moves summary');
        await settled(() => page.click('button:text-is("As it was")'));
        assert.strictEqual(address(page).get('e'), null);
    });

    test('the image as it was is seen beside what was made of it', async ({ page, visit, settled }) => {
        await visit('#/?l=3&e=turn:90');
        await showsProjection(page);
        await settled(() => page.click('.beside'));
        await comes(page, 'e2', 'none');
        assert.notStrictEqual(
            await pixels(page, '.side[data-side="1"] .given'),
            await pixels(page, '.side[data-side="0"] .given')
        );
        assert((await page.textContent('.side[data-side="0"] .side-head')).includes('changed'));
        await settled(() => page.keyboard.press('2'));
        assert.strictEqual(await page.locator('.side').count(), 1);
    });
};
