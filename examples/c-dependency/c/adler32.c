/* Adler-32, the checksum of zlib streams (RFC 1950). */

#include <stddef.h>
#include <stdint.h>

uint32_t adler32(const uint8_t *data, size_t len) {
    const uint32_t modulus = 65521; /* the largest prime below 2^16 */
    uint32_t a = 1, b = 0;

    for (size_t i = 0; i < len; i++) {
        a = (a + data[i]) % modulus;
        b = (b + a) % modulus;
    }
    return b << 16 | a;
}
