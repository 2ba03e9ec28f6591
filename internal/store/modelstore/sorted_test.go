package modelstore

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

type number int

func (k number) compare(other number) int { return cmp.Compare(k, other) }

// plain is what a sorted has to be equal to.
type plain map[number]int

// TestSorted changes copies of a map and compares each with a map of Go, those that were
// left behind too.
func TestSorted(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	type version struct {
		sorted sorted[number, int]
		plain  plain
	}
	versions := []version{{plain: plain{}}}
	for owner := uint64(1); owner < 400; owner++ {
		from := versions[r.IntN(len(versions))]
		if r.IntN(3) > 0 {
			from = versions[len(versions)-1]
		}
		next := version{from.sorted, plain{}}
		for k, v := range from.plain {
			next.plain[k] = v
		}
		for range r.IntN(40) {
			k := number(r.IntN(300))
			switch r.IntN(8) {
			case 0, 1, 2:
				_, there := next.plain[k]
				if next.sorted.remove(owner, k) != there {
					t.Fatalf("remove(%d) does not report %v", k, there)
				}
				delete(next.plain, k)
			case 3: // in order
				k = number(1000 + len(next.plain))
				fallthrough
			default:
				next.sorted.put(owner, k, int(owner))
				next.plain[k] = int(owner)
			}
		}
		versions = append(versions, next)
	}
	for _, v := range versions {
		wantPlain(t, &v.sorted, v.plain)
	}
}

func wantPlain(t *testing.T, s *sorted[number, int], want plain) {
	t.Helper()
	var keys []number
	for k := range want {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var got []number
	for k, v := range s.from(-1) {
		got = append(got, k)
		if v != want[k] {
			t.Fatalf("%d holds %d, want %d", k, v, want[k])
		}
	}
	if !slices.Equal(got, keys) || s.size != len(keys) {
		t.Fatalf("size %d, keys %v; want %v", s.size, got, keys)
	}
	for k := range number(300) {
		v, there := s.get(k)
		if w, is := want[k]; there != is || v != w {
			t.Fatalf("get(%d) = %d, %v; want %d, %v", k, v, there, w, is)
		}
		i, _ := slices.BinarySearch(keys, k)
		for first := range s.from(k) {
			if first != keys[i] {
				t.Fatalf("from(%d) begins with %d, want %d", k, first, keys[i])
			}
			break
		}
	}
	for _, c := range s.chunks {
		if len(c.entries) == 0 || len(c.entries) > mostEntries {
			t.Fatalf("a chunk has %d entries", len(c.entries))
		}
	}
}
