// asking.js - what the page asks of the server; what becomes of it where the server is busy, or gone.
'use strict';

/** The server's own line. @param {number} status of HTTP */
class Refused extends Error {
    constructor(message, status) {
        super(message);
        this.status = status;
    }
}

/** There was no answer. Who asked need not say so: the page does, and asks again when there is one. */
class Gone extends Error {}

const Server = (() => {
    const me = Array.from(crypto.getRandomValues(new Uint8Array(4)), b => b.toString(36)).join('');
    const WAIT = 300; // ms between two attempts to find it again
    let away = false;
    let onaway = () => {},
        onback = () => {};

    /** Parameters that are undefined, null or '' are left out. */
    function url(path, params = {}) {
        const query = new URLSearchParams();
        for (const [key, value] of Object.entries(params))
            if (value !== undefined && value !== null && value !== '') query.set(key, value);
        const text = query.toString().replace(/%(2C|3A|3B)/g, c => decodeURIComponent(c));
        return text ? `api/${path}?${text}` : `api/${path}`;
    }

    /**
     * @param {Object} [options] of fetch
     * @param {function(): boolean} [wanted] whether it is still worth to ask again where the server was busy
     * @returns {Promise<Response>} with a status of 2xx; else throws Refused or Gone
     */
    async function get(path, params, options, wanted = () => true) {
        for (let attempt = 0; ; attempt++) {
            let answer;
            try {
                answer = await fetch(url(path, params), options);
            } catch {
                lost();
                throw new Gone('the server does not answer');
            }
            if (answer.status === 204) throw new Refused('superseded', 204);
            if (answer.ok) return answer;
            if (answer.status === 503 && attempt < 5 && wanted()) {
                const seconds = Number(answer.headers.get('Retry-After')) || 0;
                await pause(Math.min(2000, Math.max(1000 * seconds, 120 * (attempt + 1))));
                continue;
            }
            let message = `the server answered ${answer.status}`;
            try {
                message = (await answer.json()).error || message;
            } catch {
                /* a proxy's own page */
            }
            throw new Refused(message, answer.status);
        }
    }

    async function json(path, params, options) {
        return body(await get(path, params, options), 'json');
    }

    /** @param {string} how "json", "arrayBuffer", "blob" */
    async function body(answer, how) {
        try {
            return await answer[how]();
        } catch {
            lost();
            throw new Gone('the answer broke off');
        }
    }

    function pause(ms) {
        return new Promise(resolve => setTimeout(resolve, ms));
    }

    async function lost() {
        if (away) return;
        away = true;
        onaway();
        for (;;) {
            await pause(WAIT);
            try {
                const answer = await fetch('api/state');
                if (!answer.ok && answer.status >= 500) continue; // a proxy that is there without it
                away = false;
                onback();
                return;
            } catch {
                /* not yet */
            }
        }
    }

    return {
        me,
        url,
        get,
        json,
        body,
        pause,
        away: () => away,
        listen: (a, b) => ([onaway, onback] = [a, b]),
    };
})();

/**
 * Questions of which only the newest counts. At most two are on the way, so that the next is worked on while one comes
 * back; of those that wait there only the last is kept, and what comes back too late is dropped.
 */
class Lane {
    /** @param {string} purpose its name is this and the page's own */
    constructor(purpose) {
        this.name = `${Server.me}-${purpose}`;
        this.turn = 0;
        this.answered = 0; // the newest turn that has had its answer
        this.flying = 0;
        this.waiting = null;
    }

    /**
     * @param {function(Response): Promise} read what is made of the answer
     * @returns {Promise} of that; undefined where a newer question has overtaken it, or the server is gone
     */
    ask(path, params, read) {
        const turn = ++this.turn;
        return new Promise((resolve, reject) => {
            if (this.waiting) this.waiting.resolve(undefined);
            this.waiting = { turn, path, params, read, resolve, reject };
            this.send();
        });
    }

    /** What was asked does not matter any more. */
    forget() {
        this.answered = this.turn;
        if (this.waiting) this.waiting.resolve(undefined);
        this.waiting = null;
    }

    async send() {
        const one = this.waiting;
        if (!one || this.flying >= 2) return;
        this.waiting = null;
        this.flying++;
        try {
            const params = { ...one.params, lane: this.name, turn: one.turn };
            const answer = await Server.get(one.path, params, {}, () => one.turn === this.turn);
            const value = await one.read(answer);
            const stale = one.turn < this.answered;
            if (!stale) this.answered = one.turn;
            one.resolve(stale ? undefined : value);
        } catch (error) {
            if (
                error instanceof Gone ||
                error.status === 204 ||
                error.status === 409 ||
                one.turn < this.turn ||
                one.turn <= this.answered
            )
                one.resolve(undefined);
            else one.reject(error);
        } finally {
            this.flying--;
            this.send();
        }
    }
}

const asJson = answer => Server.body(answer, 'json');
const asBytes = answer => Server.body(answer, 'arrayBuffer');
/** A picture that can be drawn at once, and what the server says about it. */
async function asPicture(answer) {
    const blob = await Server.body(answer, 'blob');
    const list = header => (answer.headers.get(header) || '').match(/-?\d+(\.\d+)?(e[+-]?\d+)?/gi);
    return {
        bitmap: await createImageBitmap(blob),
        unit: (list('X-Unit') || []).map(Number),
        box: (list('X-Box') || []).map(Number),
        map: (list('X-Map') || []).map(Number),
    };
}

/** What there is: on its way before anything is drawn. */
const asked = Server.json('state');
