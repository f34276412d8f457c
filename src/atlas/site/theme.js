// theme.js - light or dark, before anything is painted: what the reader chose here, else what the system says.
'use strict';

const Theme = (() => {
    const KEY = 'deconvviz-atlas-theme';
    const system = matchMedia('(prefers-color-scheme: dark)');

    function chosen() {
        try {
            return localStorage.getItem(KEY);
        } catch {
            return null; // a browser that keeps nothing for files
        }
    }

    function now() {
        return document.documentElement.dataset.theme;
    }

    function apply() {
        const theme = chosen();
        document.documentElement.dataset.theme =
            theme === 'light' || theme === 'dark' ? theme : system.matches ? 'dark' : 'light';
    }

    /** Switches to the other one, and remembers it. */
    function toggle() {
        const next = now() === 'dark' ? 'light' : 'dark';
        try {
            localStorage.setItem(KEY, next);
        } catch {
            /* it holds until the page is left */
        }
        document.documentElement.dataset.theme = next;
        return next;
    }

    system.addEventListener('change', apply);
    apply();
    return { now, toggle };
})();
