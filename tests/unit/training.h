/* training.h - a small network, and files of its weights as a training would leave them. */
#ifndef TESTS_TRAINING_H
#define TESTS_TRAINING_H

#include <stddef.h>

/* net.json for images of ALBUM_SIDE: conv1, ReLU, max-pool, conv2, ReLU, flatten, fc. */
enum { TRAINING_C1 = 6, TRAINING_C2 = 4, TRAINING_FC = 3 };
enum { TRAINING_W1 = TRAINING_C1 * 3 * 3 * 3, TRAINING_W2 = TRAINING_C2 * TRAINING_C1 * 3 * 3 };

/* The numbers of the weights conv1 and conv2 after a share `progress` of the training, 0 to 1: they
 * go from one set of random numbers straight to another. w1: (TRAINING_W1), w2: (TRAINING_W2). */
void training_weights(double progress, float *w1, float *w2);

/* Writes net.json into the current folder. */
void training_network(void);

/* Writes weights.safetensors as `path`; only its first `bytes` bytes, 0: all. */
void training_save(const char *path, double progress, size_t bytes);

#endif
