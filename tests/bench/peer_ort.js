// peer_ort.js MODEL THREADS [BATCH] - ONNX Runtime, told by compare.py what to do: "forward", once a line; prints
// milliseconds, of a batch of so many images.
const ort = require('onnxruntime-node');
const readline = require('readline');

async function main() {
    const [model, threads, batch = 1] = process.argv.slice(2);
    const session = await ort.InferenceSession.create(model, {
        intraOpNumThreads: Number(threads), interOpNumThreads: 1, executionMode: 'sequential',
        graphOptimizationLevel: 'all',
    });
    const data = new Float32Array(batch * 3 * 224 * 224).map(() => Math.random() * 2 - 1);
    const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', data, [Number(batch), 3, 224, 224]) };
    for await (const line of readline.createInterface({ input: process.stdin })) {
        if (line !== 'forward') continue;
        const start = process.hrtime.bigint();
        await session.run(feeds);
        console.log(Number(process.hrtime.bigint() - start) / 1e6);
    }
}

main();
