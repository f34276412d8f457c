// messages.js - what is said to the reader.
'use strict';

const Messages = (() => {
    /** @param {string} [kind] "wrong", which stays until it is closed or something else is said; or "said" */
    function tell(text, kind = 'wrong') {
        const box = document.getElementById('messages');
        clearTimeout(tell.timer);
        const close = () => box.replaceChildren();
        box.setAttribute('role', kind === 'wrong' ? 'alert' : 'status');
        box.replaceChildren(
            el(
                `p.message.${kind}`,
                null,
                el('span', null, visible(text)),
                el('button.quiet', { type: 'button', 'aria-label': 'Close the message', onclick: close }, '×')
            )
        );
        if (kind !== 'wrong') tell.timer = setTimeout(close, 6000);
    }

    /** What goes on. */
    function say(text) {
        document.getElementById('working').textContent = text;
    }

    return { tell, say };
})();
