package journal

import (
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// NextID is an ID that comes after those of all sets. Their order says which set is the newest, and a clock can go back, or be
// that of another host: after a set of a faster clock, an ID takes its time from that set and not from the clock.
func NextID(sets []*Set, now time.Time) (string, error) {
	id, err := uuid.NewV7() // its random part is what counts here
	if err != nil {
		return "", err
	}
	ms := uint64(max(now.UnixMilli(), 0))
	for _, s := range sets {
		if known, err := uuid.Parse(s.ID); err == nil && milliseconds(known) >= ms && milliseconds(known) < lastMillisecond {
			ms = milliseconds(known) + 1
		}
	}
	var begin [8]byte
	binary.BigEndian.PutUint64(begin[:], ms<<16)
	copy(id[:6], begin[:6])
	return id.String(), nil
}

// lastMillisecond is the last one that a UUIDv7 can tell, in the year 10889.
const lastMillisecond = 1<<48 - 1

// milliseconds are the first 48 bits of a UUIDv7: since 1970.
func milliseconds(id uuid.UUID) uint64 { return binary.BigEndian.Uint64(id[:8]) >> 16 }
