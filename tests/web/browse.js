// browse.js DIR - what the page of an atlas promises, checked in a browser on the atlas of make_atlas.py. Prints TAP.
'use strict';
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const vm = require('vm');
const { execFileSync } = require('child_process');
const { MODULES, launch, open } = require('./browser.js');

const folder = process.argv[2];
const axe = fs.readFileSync(path.join(MODULES, 'axe-core/axe.min.js'), 'utf8');

// -- the data, read without the page's code ----------------------------------------------------------
function data(name) {
    let value;
    vm.runInNewContext(fs.readFileSync(path.join(folder, 'data', `${name}.js`), 'utf8'), { atlas: v => { value = JSON.parse(JSON.stringify(v)); } });
    return value;
}
const front = data('front');
const BIG = front.layers.findIndex(l => l.units > 1024), SMALL = front.layers.findIndex(l => l.id === '3');
function column(k, key) {
    const { lo, hi, data: inside } = data(`layer-${k}`).columns[key];
    const raw = Buffer.from(inside || data(`layer-${k}-${key}`), 'base64');
    return Array.from({ length: raw.length / 2 }, (_, i) => raw.readUInt16LE(2 * i)).map(q => key === 'best_class' ? q :
        q === 65535 ? null : lo + (hi - lo) * q / 65534);
}
const isDead = (k, i) => (Buffer.from(data(`layer-${k}`).dead, 'base64')[i >> 3] >> (i & 7)) & 1;
const unit = (k, i) => data(`layer-${k}-units-${i >> 5}`)[i & 31];
const layerHash = k => `#/layer/${encodeURIComponent(front.layers[k].id)}`;
const unitHash = (k, channel) => `#/unit/${encodeURIComponent(front.layers[k].id)}/${channel}`;

// -- the tests ---------------------------------------------------------------------------------------
const tests = [];
const test = (name, run) => tests.push({ name, run });
const numbers = page => page.$$eval('.grid .cell:not([hidden])', cells => cells.sort((a, b) => a.dataset.place - b.dataset.place).map(
    c => Number(c.querySelector('.unit-number').textContent)));
const text = (page, selector) => page.textContent(selector);
const found = (page, n) => page.waitForFunction(t => document.querySelector('.found').textContent === t, n);

test('the front lists every layer, with a picture, its units and its dead ones', async ({ page, visit }) => {
    await visit('#/');
    await page.waitForFunction(n => [...document.querySelectorAll('.layer-row .picture')].filter(p => p.style.backgroundImage).length === n, 2 * front.layers.length);
    const rows = await page.$$eval('a.layer-link', links => links.map(a => a.textContent));
    assert.strictEqual(rows.length, front.layers.length);
    front.layers.forEach((layer, k) => {
        assert(rows[k].includes(`${String(layer.units).replace(/\B(?=(\d{3})+$)/g, ',')} unit`), rows[k]);
        assert.strictEqual(rows[k].includes('dead'), layer.dead > 0);
    });
    for (const [, value] of front.facts)
        assert((await text(page, '.run')).includes(value.slice(0, 8)));
});

test('a layer of many units holds only those near the window', async ({ page, visit }) => {
    await visit(layerHash(BIG));
    const n = front.layers[BIG].units;
    assert(await page.locator('.cell').count() < 150);
    assert.deepStrictEqual((await numbers(page)).slice(0, 40), Array.from({ length: 40 }, (_, i) => i));
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await page.waitForFunction(last => [...document.querySelectorAll('.cell:not([hidden]) .unit-number')].some(c => Number(c.textContent) === last), n - 1);
    assert(await page.locator('.cell').count() < 150);
    assert.strictEqual(await page.locator('.cell:not([hidden])').last().getAttribute('aria-setsize'), String(n));
});

test('units are sorted by any column, those without a value last', async ({ page, visit }) => {
    await visit(layerHash(BIG));
    for (const key of ['max', 'orientation']) {
        await page.selectOption('select[aria-label="Sort by"]', key);
        const values = column(BIG, key);
        const order = values.map((_, i) => i).filter(i => values[i] !== null).sort((a, b) => values[b] - values[a] || a - b);
        await page.waitForFunction(i => document.querySelector('.cell[data-place="0"] .unit-number')?.textContent === i, String(order[0]));
        assert.deepStrictEqual((await numbers(page)).slice(0, 60), order.slice(0, 60));
    }
    await page.click('.direction');
    const values = column(BIG, 'orientation');
    const least = values.indexOf(Math.min(...values.filter(v => v !== null)));
    await page.waitForFunction(i => document.querySelector('.cell[data-place="0"] .unit-number')?.textContent === i, String(least));
    await page.keyboard.press('ArrowDown');
    await page.focus('.cell[data-place="0"] a');
    await page.keyboard.press('End');
    await page.waitForSelector('.cell:not([hidden]) .picture.dead');
});

test('filters leave the units that pass, and are kept in the address', async ({ page, visit }) => {
    await visit(layerHash(BIG));
    const n = '1,100 units', live = column(BIG, 'max').filter(v => v !== null).length;
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
    const pass = column(BIG, 'class_selectivity').map((v, i) => v !== null && v >= edge ? i : -1).filter(i => i >= 0);
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
    assert(await here() > 5);
    await page.keyboard.press('End');
    assert.strictEqual(await here(), 1099);
    await page.keyboard.press('Home');
    assert.strictEqual(await here(), 0);
    for (let i = 0; i < 3; i++)
        await page.keyboard.press('PageDown');
    const place = await here(), scrolled = await page.evaluate(() => scrollY);
    assert(place > 100 && scrolled > 600);
    const number = await page.evaluate(() => document.activeElement.querySelector('.unit-number').textContent);
    await settled(() => page.keyboard.press('Enter'));
    assert.strictEqual(await text(page, 'h1'), `Unit ${number}`);
    assert.strictEqual(await page.evaluate(() => document.activeElement.tagName), 'H1');
    await settled(() => page.keyboard.press('j')); // in the order of the grid
    const values = column(BIG, 'max');
    const order = values.map((_, i) => i).filter(i => values[i] !== null).sort((a, b) => values[b] - values[a] || a - b);
    assert.strictEqual(await text(page, 'h1'), `Unit ${order[order.indexOf(Number(number)) + 1]}`);
    await settled(() => page.goBack());
    await settled(() => page.goBack());
    assert.strictEqual(await page.$eval('select[aria-label="Sort by"]', s => s.value), 'max');
    assert(Math.abs(await page.evaluate(() => scrollY) - scrolled) < 2);
    await settled(() => page.goForward());
    assert.strictEqual(await text(page, 'h1'), `Unit ${number}`);
    await settled(() => page.keyboard.press('u'));
    assert.strictEqual(await page.$eval('select[aria-label="Sort by"]', s => s.value), 'max');
});

test('search finds layers, units, classes and images', async ({ page, visit, settled }) => {
    await visit('#/');
    const ask = async (words, kind, part) => {
        await page.keyboard.press('/');
        await page.keyboard.type(words);
        const option = page.locator('#search-results li', { hasText: part }).filter({ has: page.locator(`.kind:text-is("${kind}")`) }).first();
        await option.waitFor();
        await settled(() => option.click());
        return text(page, 'h1');
    };
    assert.strictEqual(await ask('expand1', 'Layer', 'fire2.expand1x1'), 'fire2.expand1x1');
    assert.strictEqual(await ask('3 7', 'Unit', 'unit 7'), 'Unit 7');
    assert.strictEqual(await ask('pomer', 'Class', 'Pomeranian'), 'Pomeranian');
    assert.strictEqual(await ask('n00004', 'Image', 'n00004'), 'n00004_car_wheel.jpg');
    await page.keyboard.press('/');
    await page.keyboard.type('squeeze');
    await page.waitForSelector('#search-results li .kind');
    await page.keyboard.press('ArrowDown');
    await settled(() => page.keyboard.press('Enter'));
    assert.strictEqual(await text(page, 'h1'), 'fire2.squeeze');
    await page.keyboard.press('/');
    await page.keyboard.type('no such thing');
    await page.waitForSelector('#search-results .nothing');
    await page.keyboard.press('Escape');
    assert(await page.locator('#search-results').isHidden());
});

test('a unit shows its nine by each rule, at their own scale or a common one', async ({ page, visit }) => {
    const i = [...Array(40).keys()].find(j => !isDead(SMALL, j));
    const { hits, samples, stats } = unit(SMALL, i);
    await visit(unitHash(SMALL, i));
    const grid = page.locator('.nine-grid').first().locator('.picture');
    assert.strictEqual(await grid.count(), 9);
    const y = () => grid.first().evaluate(p => p.style.backgroundPosition);
    const seen = new Set([await y()]);
    for (const rule of front.rules.slice(1)) {
        await page.click(`button:text-is("${rule}")`);
        seen.add(await y());
        assert((await text(page, '.command code')).includes(`--rule ${rule}`));
        assert.strictEqual(await page.locator('.nine-grid').first().locator('.absent').count(), 6); // three are made by these rules
    }
    assert.strictEqual(seen.size, front.rules.length);
    await page.keyboard.press('r');
    await page.click('button:text-is("Common")');
    const greatest = Math.max(...hits.scale.deconvnet);
    const contrasts = await grid.evaluateAll(ps => ps.map(p => Number(/contrast\((.*)\)/.exec(p.style.filter)[1])));
    contrasts.forEach((c, j) => assert(Math.abs(c - hits.scale.deconvnet[j] / greatest) < 1e-3));
    assert.strictEqual(await page.locator('.sample').count(), samples.value.length);
    const about = await text(page, '.measures');
    assert(about.includes(String(Number(stats.max.toPrecision(3)))) && about.includes('Morcos et al. 2018'));
    assert((await page.getAttribute('.bins', 'aria-label')).includes(`${unit(SMALL, i).histogram.slice(1).reduce((a, b) => a + b)} images`));
});

test('a hit is shown in its whole photograph, with the field where it is, and its command is copied', async ({ page, context, visit }) => {
    const i = [...Array(40).keys()].find(j => !isDead(SMALL, j));
    const { hits } = unit(SMALL, i);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await visit(unitHash(SMALL, i));
    const j = hits.box.findIndex((b, n) => hits.image[n] !== 5 && b[0] >= 0 && b[1] >= 0 && b[2] <= 256 && b[3] <= 192);
    await page.keyboard.press(String(j + 1));
    await page.waitForFunction(t => document.querySelector('.hit h2').textContent.startsWith(t), String(j + 1));
    const [x0, y0, x1, y1] = hits.box[j];
    const rect = await page.$eval('.hit .over', r => ['x', 'y', 'width', 'height'].map(a => Number(r.getAttribute(a))));
    assert.deepStrictEqual(rect, [x0, y0, x1 - x0, y1 - y0]);
    assert.strictEqual(await page.$eval('.hit img', img => img.decode().then(() => img.naturalWidth)), 256);
    await page.click('.copy');
    await page.waitForSelector('.copy:text-is("Copied")');
    assert((await page.evaluate(() => navigator.clipboard.readText())).startsWith(`deconvviz -m net.onnx -l 3 -c ${i} -p ${hits.y[j]},${hits.x[j]} --rule `));
});

test('a shell takes the commands as the names are meant', async ({ page }) => {
    const names = [...data('images').names, ...front.layers.map(l => l.id)];
    const lines = await page.evaluate(list => list.map(n => command('words {layer} {image}', { layer: n, image: n })), names);
    const script = `words() { printf '%s\\0' "$@"; }\n${lines.join('\n')}\n`;
    const out = execFileSync('sh', ['-s'], { input: script }).toString().split('\0').slice(0, -1);
    assert.deepStrictEqual(out, names.flatMap(n => [n, n.startsWith('-') ? `./${n}` : n]));
});

test('units lead to those they read from, to those that read from them, and to their like', async ({ page, visit, settled }) => {
    const i = [...Array(40).keys()].find(j => !isDead(SMALL, j));
    const { inputs, outputs, twins } = unit(SMALL, i);
    await visit(unitHash(SMALL, i));
    await page.waitForFunction(n => document.querySelectorAll('.connections a.tile[href]').length === n, inputs.length + outputs.length + twins.length);
    assert.strictEqual(await page.locator('.connections a.tile').first().getAttribute('href'), unitHash(inputs[0][0], inputs[0][1]));
    await settled(() => page.locator('.connections a.tile').first().click());
    assert.strictEqual(await text(page, 'h1'), `Unit ${inputs[0][1]}`);
});

test('a dead unit says so, and nothing else', async ({ page, visit }) => {
    const i = [...Array(front.layers[4].units).keys()].find(j => isDead(4, j));
    await visit(unitHash(4, i));
    assert.strictEqual(await text(page, '.lead'), 'No image of the run makes it greater than zero.');
    assert.strictEqual(await page.locator('.nine-grid').count(), 0);
});

test('a class lists the units that prefer it, an image those it excites, and shows where', async ({ page, visit, settled }) => {
    const units = data('classes-0')[0].units;
    await visit('#/class/0');
    assert.deepStrictEqual(await page.$$eval('.by-layer a.tile', tiles => tiles.map(t => [t.dataset.layer, t.dataset.unit].map(Number))),
        units.flatMap(([k, list]) => list.map(i => [k, i])));
    await settled(() => page.locator('.photos a').first().click());
    assert.strictEqual(await text(page, 'h1'), 'n00000_tench.jpg');
    const tile = page.locator('.by-layer a.tile').first();
    const [k, i] = [Number(await tile.getAttribute('data-layer')), Number(await tile.getAttribute('data-unit'))];
    await tile.focus();
    await page.waitForSelector('.held .over');
    const { hits } = unit(k, i);
    const box = hits.box[hits.image.indexOf(0)];
    assert.strictEqual(Number(await page.getAttribute('.held .over', 'x')), Math.max(0, box[0]));
});

test('names of layers, classes and images are text, whatever they hold', async ({ page, visit }) => {
    const names = data('classes').names;
    for (let c = 3; c < names.length; c++) {
        await visit(`#/class/${c}`);
        assert.strictEqual((await text(page, 'h1')).replaceAll('\u21b5', '\n').replaceAll('\u21e5', '\t').replace(/\u2039U\+([0-9A-F]{4})\u203a/g,
            (_, code) => String.fromCharCode(parseInt(code, 16))), names[c]);
    }
    for (let k = 0; k < front.layers.length; k++) {
        await visit(layerHash(k));
        assert.strictEqual((await text(page, 'h1')).replaceAll('\u21b5', '\n').replaceAll('\u21e5', '\t'), front.layers[k].name);
        await page.waitForSelector('.cell');
    }
    assert(!(await page.title()).startsWith('broken'));
    assert.strictEqual(await page.locator('img[onerror], main script').count(), 0);
    await visit('#/class/%3Cscript%3E');
    assert.strictEqual(await text(page, 'h1'), 'Not here');
});

test('two atlases stand side by side, what changed most first', async ({ page, visit, settled }) => {
    await visit('#/against');
    assert.strictEqual(await page.locator('.pairs a').count(), data('against').layers.length);
    await settled(() => page.locator('.pairs a').nth(SMALL).click());
    const { change } = data('against').layers[SMALL];
    const raw = Buffer.from(change.data, 'base64');
    const order = Array.from({ length: raw.length / 2 }, (_, i) => i).sort((a, b) => raw.readUInt16LE(2 * b) - raw.readUInt16LE(2 * a));
    assert.strictEqual(Number(await text(page, '.cell[data-place="0"] .unit-number')), order[0]);
    await settled(() => page.locator('.couple a.tile:nth-child(2)[href]').first().click());
    assert(page.url().includes('#/against/unit/'));
    await page.waitForSelector('h1:text("Unit")');
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
        if (hash === layerHash(SMALL))
            await page.click('text=Filters');
        // The colours are the same everywhere: three views have all of them.
        for (const dark of VIEWS.indexOf(hash) < 3 ? [false, true] : [false]) {
            if (dark)
                await page.emulateMedia({ colorScheme: 'dark' });
            const rules = dark ? { type: 'rule', values: ['color-contrast'] } : { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] };
            const { violations } = await page.evaluate(r => window.axe.run(document, { runOnly: r, resultTypes: ['violations'], preload: false }), rules);
            const serious = violations.filter(v => ['serious', 'critical'].includes(v.impact));
            assert.deepStrictEqual(serious.map(v => `${hash}: ${v.id}: ${v.nodes[0].html} ${v.nodes[0].failureSummary}`), []);
        }
        await page.emulateMedia({ colorScheme: 'light' });
    }
});

// Of classes and images the one with the fewest units: axe looks at every one.
const fewest = list => list.map((_, i) => i).sort((a, b) => list[a] - list[b])[0];
const VIEWS = ['#/', layerHash(SMALL), unitHash(0, 0), `#/class/${fewest(data('classes-0').map(c => c.units.flatMap(u => u[1]).length))}`,
    `#/image/${fewest(data('images-0').map(image => image.hits.length))}`, '#/against', `#/against/${front.layers[SMALL].id}`];

async function main() {
    const browser = await launch();
    const held = await open(browser, folder);
    await held.visit('#/');
    console.log(`1..${tests.length + 2}`);
    let n = 0, bad = 0;
    const report = (error, name) => {
        n++;
        bad += Boolean(error);
        console.log(`${error ? 'not ok' : 'ok'} ${n} - ${name}`);
        if (error)
            console.log(String(error.stack || error).split('\n').slice(0, 24).map(line => `# ${line}`).join('\n'));
    };
    const only = process.argv[3];
    for (const { name, run } of tests) {
        if (only && !name.includes(only))
            continue;
        const began = Date.now();
        report(await run(held).then(() => null, error => error), name);
        if (process.env.TIMES)
            console.log(`# ${Date.now() - began} ms`);
    }
    report(held.faults.length ? held.faults.slice(0, 10).join('\n') : null, 'nothing is asked of the network, nothing fails, nothing is complained of');

    // What is not there is said; and a script in the page itself does not run.
    const name = 'a missing file is named, and no script runs but those of the folder';
    const broken = await open(browser, folder);
    const file = path.join(folder, 'data', 'layer-0.js');
    fs.renameSync(file, `${file}.away`);
    report(await (async () => {
        await broken.visit(layerHash(0));
        assert((await text(broken.page, 'main')).includes('data/layer-0.js is missing'));
        await broken.page.evaluate(() => {
            const script = document.createElement('script');
            script.textContent = 'document.title = "ran"';
            document.body.append(script);
            document.body.insertAdjacentHTML('beforeend', '<img src="no.png" onerror="document.title = \'ran\'">');
        });
        await broken.page.waitForTimeout(100);
        assert.notStrictEqual(await broken.page.title(), 'ran');
    })().then(() => null, error => error), name);
    fs.renameSync(`${file}.away`, file);
    process.exit(bad ? 1 : 0); // the browser's own end takes half a minute
}

main().catch(error => {
    console.log(`not ok 1 - web\n# ${error.stack}`);
    process.exit(1);
});
