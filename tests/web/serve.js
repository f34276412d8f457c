// serve.js BUILD DIR [WORDS] - what the page of `serve` promises, in a browser, of a server that was started for it. Prints
// TAP. With WORDS only the tests whose names have them.
'use strict';
const fs = require('fs');
const path = require('path');
const { launch, open } = require('./browser.js');
const { serve, writePhotographs } = require('./served.js');
const { tap } = require('./tap.js');

const tests = [];
for (const file of ['./serve_look.js', './serve_touch.js', './serve_keep.js', './serve_readers.js'])
    require(file)((name, run) => tests.push({ name, run }));

async function main() {
    const [build, dir, only] = process.argv.slice(2);
    const photographs = writePhotographs(path.join(dir, 'pictures'), 2);
    const [server, browser] = await Promise.all([
        serve(build, ['--port', '0', ...photographs]),
        launch({ args: ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'] }),
    ]);
    const held = await open(browser, server.url, { acceptDownloads: true });
    Object.assign(held, { browser, server, build, dir, photographs });
    await held.visit('#/');
    const { report, run, bad } = tap(tests.length + 2);
    for (const test of tests) if (!only || test.name.includes(only)) await run(test.name, () => test.run(held));
    report(
        held.faults.length ? held.faults.slice(0, 10).join('\n') : null,
        'nothing fails, nothing is complained of, nobody else is asked'
    );
    const code = await server.stop();
    report(code === 0 ? null : `it ended with ${code}`, 'the server stops clean');
    fs.rmSync(dir, { recursive: true, force: true });
    process.exit(bad() ? 1 : 0); // the browser's own end takes half a minute
}

main().catch(error => {
    console.log(`not ok 1 - serve\n# ${error.stack}`);
    process.exit(1);
});
