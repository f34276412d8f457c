// browser.js - a browser without network, but for a server on this machine, and what must not happen in it.
'use strict';
const path = require('path');
const { pathToFileURL } = require('url');

const MODULES = path.join(__dirname, '../../build/web/node_modules'); // scripts/setup check
const { chromium } = require(path.join(MODULES, 'playwright-core'));

/** Debian's chromium; as root it has no sandbox. */
async function launch(options = {}) {
    return chromium.launch({
        executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
        chromiumSandbox: process.getuid() !== 0,
        ...options,
    });
}

/**
 * A page in a context of its own. Whatever it asks for, fails to get or complains of is put into `faults`.
 * @param {string} from the folder of an atlas, or the address of a server
 * @returns {Promise<{page, faults: string[], asked: string[], visit: function, settled: function}>}
 */
async function open(browser, from, options = {}) {
    const served = from.startsWith('http:');
    const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        offline: !served,
        reducedMotion: 'reduce',
        ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(Number(process.env.PATIENCE) || 60000); // of a machine that has much to do
    const root = served ? from : pathToFileURL(`${from}/`).href;
    const faults = [],
        asked = [];
    page.on('request', r => {
        asked.push(r.url());
        if (!r.url().startsWith(root) && !/^(data|blob):/.test(r.url())) faults.push(`asks for ${r.url()}`);
    });
    page.on('requestfailed', r => {
        if (r.failure().errorText !== 'net::ERR_ABORTED')
            // a picture that was scrolled away before it came
            faults.push(`${r.failure().errorText}: ${r.url()}`);
    });
    page.on('console', m => {
        if (m.type() !== 'log') faults.push(`${m.type()}: ${m.text()}`);
    });
    page.on('pageerror', e => faults.push(e.stack));
    page.on('dialog', d => {
        faults.push(`a dialog: ${d.message()}`);
        d.dismiss();
    });

    const turn = () => page.evaluate(() => Number(document.documentElement.dataset.turn || 0));
    /** Does something that leads to another view, and waits for it. */
    async function settled(action) {
        const before = await turn();
        await action();
        await page.waitForFunction(n => Number(document.documentElement.dataset.turn || 0) > n, before);
    }
    const visit = hash =>
        settled(() =>
            page.url() === 'about:blank'
                ? page.goto(`${root}${served ? '' : 'index.html'}${hash}`)
                : page.evaluate(h => {
                      if (location.hash === h) {
                          history.replaceState(null, '');
                          dispatchEvent(new HashChangeEvent('hashchange'));
                      }
                      location.hash = h;
                  }, hash)
        );
    return { page, context, faults, asked, visit, settled };
}

module.exports = { MODULES, launch, open };
