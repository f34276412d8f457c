// tap.js - runs tests one after the other and prints TAP.
'use strict';

/** @param {number} n how many there will be */
function tap(n) {
    console.log(`1..${n}`);
    let done = 0,
        bad = 0;
    function report(error, name) {
        done++;
        bad += Boolean(error);
        console.log(`${error ? 'not ok' : 'ok'} ${done} - ${name}`);
        if (error)
            console.log(
                String(error.stack || error)
                    .split('\n')
                    .slice(0, 24)
                    .map(line => `# ${line}`)
                    .join('\n')
            );
    }
    /** @param {function(): Promise} test */
    async function run(name, test) {
        const began = Date.now();
        report(
            await test().then(
                () => null,
                error => error
            ),
            name
        );
        if (process.env.TIMES) console.log(`# ${Date.now() - began} ms`);
    }
    return { report, run, bad: () => bad };
}

module.exports = { tap };
