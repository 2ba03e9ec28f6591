package modelstore

import (
	"iter"
	"slices"
	"strings"
)

// keyed are keys that are compared: with a number below zero where the receiver comes first.
type keyed[K any] interface{ compare(K) int }

// sorted is a map that is kept in the order of its keys, in chunks. A copy of it costs
// nothing: chunks are shared until one of the two changes. Each change names its owner, a
// number: what the owner has made is changed in place, what others have made is copied
// first. So a copy that is to stay as it is wants another owner from then on.
type sorted[K keyed[K], V any] struct {
	owner  uint64 // of chunks
	chunks []*chunk[K, V]
	size   int
}

// chunk is a part of a sorted. It is never empty.
type chunk[K keyed[K], V any] struct {
	owner   uint64 // of entries
	entries []entry[K, V]
}

type entry[K keyed[K], V any] struct {
	value V
	key   K
}

// mostEntries is the most entries of a chunk.
const mostEntries = 32

// find returns the place of the key: where it is, or where it would have to be inserted.
func (m *sorted[K, V]) find(key K) (c, i int, found bool) {
	low, high := 0, len(m.chunks)
	for low < high { // the first chunk that begins behind the key
		if mid := (low + high) / 2; m.chunks[mid].entries[0].key.compare(key) <= 0 {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low == 0 {
		return 0, 0, false
	}
	c = low - 1
	entries := m.chunks[c].entries
	low, high = 0, len(entries)
	for low < high { // the first entry that is not before the key
		if mid := (low + high) / 2; entries[mid].key.compare(key) < 0 {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return c, low, low < len(entries) && entries[low].key.compare(key) == 0
}

// get returns the value of the key.
func (m *sorted[K, V]) get(key K) (value V, found bool) {
	c, i, found := m.find(key)
	if found {
		value = m.chunks[c].entries[i].value
	}
	return value, found
}

// put sets the value of the key.
func (m *sorted[K, V]) put(owner uint64, key K, value V) {
	c, i, found := m.find(key)
	if len(m.chunks) == 0 {
		m.chunks, m.owner = []*chunk[K, V]{{owner: owner}}, owner
	}
	ch := m.own(owner, c)
	if found {
		ch.entries[i].value = value
		return
	}
	m.size++
	one := entry[K, V]{value, key}
	switch n := len(ch.entries); {
	case n < mostEntries:
		ch.entries = slices.Insert(ch.entries, i, one)
	case i == n: // keys mostly come in order: what is before them stays full
		m.chunks = slices.Insert(m.chunks, c+1, &chunk[K, V]{owner, []entry[K, V]{one}})
	default:
		right := &chunk[K, V]{owner, slices.Clone(ch.entries[n/2:])}
		m.chunks = slices.Insert(m.chunks, c+1, right)
		clear(ch.entries[n/2:])
		ch.entries = ch.entries[:n/2]
		if i > n/2 {
			ch, i = right, i-n/2
		}
		ch.entries = slices.Insert(ch.entries, i, one)
	}
}

// remove removes the key and reports whether it was there.
func (m *sorted[K, V]) remove(owner uint64, key K) bool {
	c, i, found := m.find(key)
	if !found {
		return false
	}
	m.size--
	ch := m.own(owner, c)
	ch.entries = slices.Delete(ch.entries, i, i+1)
	if len(ch.entries) == 0 {
		m.chunks = slices.Delete(m.chunks, c, c+1)
	}
	return true
}

// own returns a chunk that the owner may change, in a list that it may change.
func (m *sorted[K, V]) own(owner uint64, c int) *chunk[K, V] {
	if m.owner != owner {
		m.chunks, m.owner = append(make([]*chunk[K, V], 0, len(m.chunks)+1), m.chunks...), owner
	}
	ch := m.chunks[c]
	if ch.owner != owner {
		entries := append(make([]entry[K, V], 0, len(ch.entries)+1), ch.entries...)
		ch = &chunk[K, V]{owner, entries}
		m.chunks[c] = ch
	}
	return ch
}

// from lists the entries from the key on. The map must not change meanwhile.
func (m *sorted[K, V]) from(key K) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		c, i, _ := m.find(key)
		for ; c < len(m.chunks); c, i = c+1, 0 {
			for entries := m.chunks[c].entries; i < len(entries); i++ {
				if e := &entries[i]; !yield(e.key, e.value) {
					return
				}
			}
		}
	}
}

// text is a key of text, compared by its bytes.
type text string

func (k text) compare(other text) int { return strings.Compare(string(k), string(other)) }

// pair is a key of two texts: the value of an index and the id that has it.
type pair struct{ value, id string }

func (k pair) compare(other pair) int {
	if c := strings.Compare(k.value, other.value); c != 0 {
		return c
	}
	return strings.Compare(k.id, other.id)
}
