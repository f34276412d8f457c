// serve_keep.js - what is taken away from the page; and what happens when things go wrong.
'use strict';
const assert = require('assert');
const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');
const { open } = require('./browser.js');
const { serve, photograph, drop } = require('./served.js');
const { address, answered, projected, showsProjection, comes, state } = require('./seen.js');

const message = page => page.textContent('.message span');

module.exports = test => {
    test('a view is saved as a picture, as numbers and as a figure, with the command that makes it', async ({
        page,
        visit,
        dir,
    }) => {
        await visit('#/?l=3&u=5&p=2,3');
        await showsProjection(page);
        await page.click('text=Save …');
        const head = { png: '\x89PNG', npy: '\x93NUMPY', svg: '<?xml', pdf: '%PDF' };
        for (const [format, magic] of Object.entries(head)) {
            const waiting = page.waitForEvent('download');
            await page.click(`dialog a.button:text-is("${format.toUpperCase()}")`);
            const download = await waiting;
            assert(/^picture [12]-3-c5-2_3\.\w+$/.test(download.suggestedFilename()), download.suggestedFilename());
            const file = path.join(dir, `saved.${format}`);
            await download.saveAs(file);
            assert(fs.readFileSync(file, 'latin1').startsWith(magic), format);
        }
        const line = await page.textContent('dialog .command code');
        assert.match(line, /^deconvviz /);
        assert.match(line, /-c 5\b/);
        assert.match(line, /-p 2,3\b/);
        await page.click('dialog >> text=Close');
        // Of an image that was changed the command reads a picture that can be saved too.
        await visit('#/?l=3&u=5&e=turn:20');
        await showsProjection(page);
        await page.click('text=Save …');
        const waiting = page.waitForEvent('download');
        await page.click('dialog >> text=PNG of the input');
        const input = (await waiting).suggestedFilename();
        assert((await page.textContent('dialog .command code')).includes(input));
        await page.click('dialog >> text=Close');
        await visit('#/?l=3&u=5&p=2,3');
        await showsProjection(page);
        await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
        await page.keyboard.press('c');
        await page.waitForSelector('.message.said');
        assert.strictEqual(await page.evaluate(() => navigator.clipboard.readText()), line);
        await page.click('.message button');
    });

    test('views that are kept become one page that needs nothing else', async ({
        page,
        visit,
        settled,
        dir,
        browser,
    }) => {
        await visit('#/?l=3&u=5');
        await showsProjection(page);
        await page.keyboard.press('n');
        await page.waitForSelector('text=1 kept');
        await settled(() => page.keyboard.press('j'));
        await settled(() => page.click('.projection [data-value="three"]'));
        await page.keyboard.press('n');
        await page.waitForSelector('text=2 kept');
        await page.keyboard.press('d');
        const waiting = page.waitForEvent('download');
        await page.click('text=Save as a page');
        const file = path.join(dir, 'session.html');
        await (await waiting).saveAs(file);
        await page.keyboard.press('Escape');
        const other = await browser.newContext({ offline: true });
        const saved = await other.newPage();
        const faults = [];
        saved.on('console', m => faults.push(m.text()));
        saved.on('request', r => /^(file|data):/.test(r.url()) || faults.push(r.url()));
        await saved.goto(pathToFileURL(file).href);
        assert.strictEqual(await saved.locator('article').count(), 2);
        assert.strictEqual(await saved.locator('script').count(), 0);
        const widths = await saved.$$eval('img', list => list.map(img => img.naturalWidth));
        assert.strictEqual(widths.length, 3 + 5);
        assert(widths.every(w => w > 0));
        assert((await saved.textContent('article >> nth=1')).includes('Unit 6 of conv3'));
        assert.deepStrictEqual(faults, []);
        await other.close();
    });

    test('a broken file is said to be one, and nothing is lost', async ({ page, visit, faults }) => {
        await visit('#/?l=3&u=5');
        const shown = await showsProjection(page);
        const url = page.url();
        const { images } = await state(page);
        const n = faults.length;
        const half = photograph(40, 40, 3);
        for (const [name, bytes] of [
            ['cut.png', half.subarray(0, 60)],
            ['<img src=x onerror=alert(1)>.png', Buffer.from('no picture at all')],
            ['empty.jpg', Buffer.alloc(0)],
        ]) {
            await drop(page, name, bytes);
            await page.waitForFunction(
                name => document.querySelector('.message.wrong')?.textContent.includes(name),
                name
            );
            await page.click('.message button');
        }
        assert.strictEqual(page.url(), url);
        assert.strictEqual(await projected(page), shown);
        await showsProjection(page);
        assert.strictEqual((await state(page)).images.length, images.length);
        // The browser's own line for each, and nothing else.
        const said = faults.splice(n);
        assert(
            said.every(line => /Failed to load resource: the server responded with a status of 4\d\d/.test(line)),
            said.join('\n')
        );
        // Of several the good ones come.
        await drop(page, 'good.png', photograph(90, 70, 5));
        await page.waitForSelector('.film-image[title="good.png"]');
    });

    test('names of files are text, whatever they hold', async ({ page, visit }) => {
        await visit('#/?l=3');
        const name = '"><b>bold\u202e\n.png';
        await drop(page, name, photograph(64, 80, 6));
        await page.waitForFunction(() => document.querySelector('.stage-note').textContent.includes('bold'));
        assert.strictEqual(await page.locator('main b').count(), 0);
        assert((await page.textContent('.stage-note')).includes('‹U+202E›'));
    });

    test('when the server is gone the page says so, and goes on when it is there again', async ({
        build,
        browser,
        dir,
    }) => {
        const first = await serve(build, ['--port', '0']);
        const { page, visit } = await open(browser, first.url);
        await visit('#/');
        assert(await page.isVisible('text=Choose a photograph'));
        await drop(page, 'mine.png', photograph(100, 90, 2));
        await page.waitForFunction(() => location.hash.includes('i='));
        const shown = await showsProjection(page);
        assert.strictEqual(await first.stop(), 0);
        await page.keyboard.press('j');
        await page.waitForSelector('#away:not([hidden])');
        const unit = address(page).get('u');
        const again = await serve(build, ['--port', new URL(first.url).port]);
        await page.waitForSelector('#away', { state: 'hidden' });
        assert.strictEqual(address(page).get('u'), unit);
        assert.notStrictEqual(await showsProjection(page), shown); // of the next unit, of the same image, which it was sent again
        await page.context().close();
        assert.strictEqual(await again.stop(), 0);
    });

    test('with an index the hits of a unit are beside it, and what is unusual is found', async ({
        build,
        browser,
        dir,
        photographs,
    }) => {
        const index = path.join(dir, 'index.json');
        const { status, stderr } = spawnSync(path.join(build, 'deconvviz'), [
            'mine',
            '-q',
            '-l',
            '2,3',
            '-o',
            index,
            ...photographs,
        ]);
        assert.strictEqual(status, 0, String(stderr));
        const mined = await serve(build, ['--port', '0', '--index', index, photographs[0]]);
        const { page, visit, settled, faults } = await open(browser, mined.url);
        await visit('#/?l=2');
        await showsProjection(page);
        await page.waitForSelector('.hits img');
        const answer = await page.evaluate(
            async u => (await fetch(`api/hits?layer=2&unit=${u}`)).json(),
            address(page).get('u')
        );
        const alts = () => page.$$eval('.hits img', list => list.map(img => img.alt));
        assert.deepStrictEqual(
            (await alts()).map(text => /picture \d\.png/.exec(text)[0]),
            answer.hits.map(hit => path.basename(hit.image))
        );
        await page.waitForFunction(() => [...document.querySelectorAll('.hits img')].every(img => img.naturalWidth));
        const before = (await alts()).join();
        await settled(() => page.keyboard.press(']'));
        await page.waitForFunction(
            before => [...document.querySelectorAll('.hits img')].map(img => img.alt).join() !== before,
            before
        );
        await page.click('text=unusual here');
        await page.waitForFunction(
            () =>
                document.querySelector('.strongest-list [data-layer]:not([data-layer="3"])') ||
                document.querySelector('.strongest .aside:not([hidden])')
        );
        await settled(() => page.keyboard.press(']'));
        await page.waitForSelector('.hits', { state: 'hidden' }); // the layer is not in the index
        assert.deepStrictEqual(faults, []);
        await page.context().close();
        assert.strictEqual(await mined.stop(), 0);
    });

    test('two models look at one image', async ({ build, browser, photographs }) => {
        const model = path.join(__dirname, '../../models/alexnet64.safetensors');
        const both = await serve(build, ['--port', '0', '-m', 'zfnet64', '-m', model, photographs[0]]);
        const { page, visit, settled, faults } = await open(browser, both.url);
        await visit('#/?l=3');
        await showsProjection(page);
        await settled(() => page.keyboard.press('2'));
        await comes(page, 'm2', '1');
        await page.waitForFunction(() => new URLSearchParams(location.hash.slice(3)).get('u2'));
        const { models } = await state(page);
        const second = '.side[data-side="1"]';
        assert.strictEqual(await page.locator(`${second} .strip-layer`).count(), models[1].layers.length);
        await settled(() => page.click(`${second} .strip-layer[data-layer="2"]`));
        await comes(page, 'l2', '2');
        assert.strictEqual(address(page).get('l'), '3');
        await showsProjection(page, 'deconvnet', second, '2');
        await showsProjection(page);
        const wanted = await answered(page, `input?model=1&image=${address(page).get('i')}`);
        assert.match(wanted, /^\d+x\d+:/);
        assert.deepStrictEqual(faults, []);
        await page.context().close();
        assert.strictEqual(await both.stop(), 0);
    });
};
