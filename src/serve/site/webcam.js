// webcam.js - the webcam: a frame is sent as soon as all of the one before has been answered; it is taken meanwhile.
'use strict';

const Webcam = (() => {
    const SIDE = 320; // of a frame, the longer; networks look at less
    let stream = null,
        side = null;
    let frames = 0;

    /** @param {Side} to whose image it is. Throws what the browser says where there is none */
    async function start(to) {
        if (stream) return;
        stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 } }, audio: false });
        side = to;
        const video = el('video', { muted: true, playsinline: true });
        video.srcObject = stream;
        await video.play();
        run(video);
    }

    async function run(video) {
        const mine = stream;
        const canvas = el('canvas');
        const scale = Math.min(1, SIDE / Math.max(video.videoWidth, video.videoHeight));
        canvas.width = Math.round(video.videoWidth * scale);
        canvas.height = Math.round(video.videoHeight * scale);
        const context = canvas.getContext('2d');
        const take = () => {
            context.drawImage(video, 0, 0, canvas.width, canvas.height);
            return new Promise(resolve => canvas.toBlob(resolve, 'image/jpeg', 0.85));
        };
        let next = take();
        frames = 0;
        const began = performance.now();
        while (stream === mine) {
            try {
                const image = await Images.addLive(await next);
                if (stream !== mine) break;
                next = take();
                await side.frame(image);
                frames++;
                side.stage.tell(
                    `webcam, ${((1000 * frames) / (performance.now() - began)).toFixed(0)} frames a second`
                );
            } catch (error) {
                if (error instanceof Gone) await Server.pause(500);
                else if (error.status === 429 || error.status === 503) await Server.pause(100);
                else {
                    stop();
                    Messages.tell(error.message);
                }
            }
            if (document.hidden) await Server.pause(200);
        }
        video.srcObject = null;
    }

    /** @returns whether it was on */
    function stop() {
        if (!stream) return false;
        for (const track of stream.getTracks()) track.stop();
        stream = null;
        return true;
    }

    return { start, stop, on: () => Boolean(stream), side: () => side, frames: () => frames };
})();
