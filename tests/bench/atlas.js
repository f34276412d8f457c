// atlas.js DIR - how the page copes with a layer of many units: what it needs before it shows something, and to scroll.
'use strict';
const fs = require('fs');
const path = require('path');
const { fileURLToPath } = require('url');
const { launch, open } = require(path.join(__dirname, '../web/browser.js'));

const LIMITS = { paint: 1000, bytes: 300e3, heap: 150e6, frames: 50 };

/** Milliseconds from the start to the first paint with something in it. */
async function paint(page) {
    return page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime);
}

/** Scrolls by wheel-like steps for some seconds, one a frame. @returns frames a second, and the longest frame in ms */
async function scroll(page, seconds) {
    return page.evaluate(
        seconds =>
            new Promise(resolve => {
                let frames = 0,
                    last = performance.now(),
                    longest = 0;
                const began = last;
                requestAnimationFrame(function step(now) {
                    scrollBy(0, 60);
                    frames++;
                    longest = Math.max(longest, now - last);
                    last = now;
                    if (now - began < 1000 * seconds) requestAnimationFrame(step);
                    else resolve([(1000 * frames) / (now - began), longest]);
                });
            }),
        seconds
    );
}

async function main() {
    const folder = process.argv[2];
    const browser = await launch({ args: ['--enable-precise-memory-info', '--js-flags=--expose-gc'] });
    const { page, asked, faults, visit } = await open(browser, folder);
    await visit('#/layer/1');
    await page.waitForTimeout(500);
    const painted = await paint(page);
    const files = new Set(asked.filter(url => url.startsWith('file:')));
    const bytes = [...files].reduce((sum, url) => sum + fs.statSync(fileURLToPath(url.replace(/[?#].*/, ''))).size, 0);
    await page.selectOption('select[aria-label="Sort by"]', 'max');
    await page.waitForTimeout(300);
    const [frames, longest] = await scroll(page, 4);

    // Through all of it, a window at a time.
    await page.evaluate(async () => {
        for (let y = 0; y < document.body.scrollHeight; y += innerHeight) {
            scrollTo(0, y);
            await new Promise(requestAnimationFrame);
        }
    });
    await page.waitForTimeout(300);
    const [heap, cells] = await page.evaluate(() => {
        window.gc();
        return [performance.memory.usedJSHeapSize, document.querySelectorAll('.cell').length];
    });
    const units = await page.textContent('.found');
    const row = (what, value, limit, ok) =>
        console.log(`  ${what.padEnd(34)} ${value.padStart(10)}   ${limit.padEnd(14)} ${ok ? '' : 'MISSED'}`);
    console.log(`page of an atlas, a layer of ${units}, ${browser.version()}`);
    row('first paint', `${painted.toFixed(0)} ms`, '<= 1000 ms', painted <= LIMITS.paint);
    row(
        `read before scrolling, ${files.size} files`,
        `${(bytes / 1e3).toFixed(0)} kB`,
        '<= 300 kB',
        bytes <= LIMITS.bytes
    );
    row('frames a second while scrolling', frames.toFixed(1), '>= 50', frames >= LIMITS.frames);
    row('longest frame', `${longest.toFixed(0)} ms`, '', true);
    row(`heap after all of it, ${cells} cells`, `${(heap / 1e6).toFixed(1)} MB`, '<= 150 MB', heap <= LIMITS.heap);
    for (const fault of faults) console.log(`  fault: ${fault}`);
    process.exit(0);
}

main().catch(error => {
    console.log(error.stack);
    process.exit(1);
});
