// incoming.js - images that come in: dropped, pasted, chosen, or of the webcam; and what is there before any has.
'use strict';

const Incoming = (() => {
    /** @param {File[]} files @param {Side} side that shows the first of them */
    async function take(files, side) {
        if (Webcam.on()) stopWebcam();
        let first = null;
        for (const file of files) {
            Messages.say(`Reading ${shorten(file.name, 60)} …`);
            try {
                const image = await Images.add(file, file.name || 'pasted');
                first = first || image;
            } catch (error) {
                if (error instanceof Gone) continue;
                if (!(error instanceof Refused)) throw error;
                const text = error.message.startsWith(file.name) ? error.message : `${file.name}: ${error.message}`;
                Messages.tell(text);
            }
        }
        Messages.say('');
        if (!first) return;
        announce(`${counted(files.length, 'image')} taken`);
        const found = App.state().i !== '' && !side.k && App.state().i === first.id; // what the address waits for
        if (found) App.show('push');
        else side.set({ i: first.id, e: '' }, 'push');
    }

    async function webcam(side) {
        if (Webcam.on()) {
            stopWebcam();
            return;
        }
        try {
            await Webcam.start(side);
            for (const one of App.sides) one.film.filming(true);
        } catch (error) {
            Messages.tell(`There is no webcam: ${error.message}`);
        }
    }

    async function stopWebcam() {
        const side = Webcam.side();
        if (!Webcam.stop()) return;
        for (const one of App.sides) one.film.filming(false);
        try {
            const image = await Images.keepLive();
            if (image) side.set({ i: image.id }, 'push');
            side.note();
        } catch (error) {
            side.complain(error);
        }
    }

    // -- without an image --------------------------------------------------------------------------

    function welcome(empty, v) {
        const node = document.getElementById('welcome');
        node.hidden = !empty;
        if (!empty) return;
        const lost = v.i !== '';
        const images = Images.all();
        node.replaceChildren(
            el('h1', { tabindex: -1 }, 'What does a unit see in a photograph?'),
            el(
                'p.lead',
                null,
                lost
                    ? 'The image of this address is not here any more. Drop the file once more, and the view is as it was.'
                    : 'Drop a photograph here, or paste one; then click a layer, a unit, and a place of its map.'
            ),
            el(
                'div.drop',
                null,
                el('p.drop-text', null, 'Drop it anywhere on this page'),
                el(
                    'button.primary',
                    { type: 'button', onclick: () => chooseFiles(files => take(files, App.sides[0])) },
                    'Choose a photograph'
                ),
                navigator.mediaDevices
                    ? el('button', { type: 'button', onclick: () => webcam(App.sides[0]) }, 'Use the webcam')
                    : null
            ),
            ...(images.length
                ? [
                      el('p.aside', null, 'Or begin with one of these:'),
                      el(
                          'ul.examples',
                          null,
                          images
                              .slice(0, 24)
                              .map(image =>
                                  el(
                                      'li',
                                      null,
                                      el(
                                          'button.tile',
                                          { type: 'button', onclick: () => App.set({ i: image.id }, 'push') },
                                          el('img', { src: Images.src(image.id, 256), alt: shorten(image.name, 80) })
                                      )
                                  )
                              )
                      ),
                  ]
                : [])
        );
    }

    return { take, webcam, stopWebcam, welcome };
})();
