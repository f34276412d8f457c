// browse.js DIR [WORDS] - what the page of an atlas promises, in a browser on the atlas of make_atlas.py. Prints TAP.
// With WORDS only the tests whose names have them.
'use strict';
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { launch, open } = require('./browser.js');
const { tap } = require('./tap.js');
const { folder, layerHash, text } = require('./written.js');

const tests = [];
for (const file of ['./browse_views.js', './browse_grid.js', './browse_readers.js'])
    require(file)((name, run) => tests.push({ name, run }));

async function main() {
    const browser = await launch();
    const held = await open(browser, folder);
    await held.visit('#/');
    const { report, run, bad } = tap(tests.length + 2);
    const only = process.argv[3];
    for (const test of tests) if (!only || test.name.includes(only)) await run(test.name, () => test.run(held));
    report(
        held.faults.length ? held.faults.slice(0, 10).join('\n') : null,
        'nothing is asked of the network, nothing fails, nothing is complained of'
    );

    // What is not there is said; and a script in the page itself does not run.
    const name = 'a missing file is named, and no script runs but those of the folder';
    const broken = await open(browser, folder);
    const file = path.join(folder, 'data', 'layer-0.js');
    fs.renameSync(file, `${file}.away`);
    await run(name, async () => {
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
    });
    fs.renameSync(`${file}.away`, file);
    process.exit(bad() ? 1 : 0); // the browser's own end takes half a minute
}

main().catch(error => {
    console.log(`not ok 1 - web\n# ${error.stack}`);
    process.exit(1);
});
