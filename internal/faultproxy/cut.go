package faultproxy

import (
	"bytes"
	"fmt"
	"slices"
)

// maxWord is the longest word that CutAt looks for, in bytes.
const maxWord = 256

type cut struct {
	direction Direction
	word      []byte // in lower case
	done      chan struct{}
}

// CutAt cuts the next connection on which the word passes that way, in upper or lower
// case, before the bytes with it are forwarded. The channel is closed when it has
// happened; it happens once. With PostgreSQL, "commit" to the server is a commit that
// never was, and "COMMIT\x00" to the client, which is the server's answer, is one that
// was, of which the client does not know. CutAt panics if the word is empty or longer
// than 256 bytes.
func (p *Proxy) CutAt(d Direction, word string) <-chan struct{} {
	if word == "" || len(word) > maxWord {
		panic(fmt.Sprintf("faultproxy: a word of %d bytes; it must have 1 to %d", len(word), maxWord))
	}
	c := &cut{direction: d, word: bytes.ToLower([]byte(word)), done: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cuts = append(p.cuts, c)
	return c.done
}

// cutFor returns the cut that is due now that the chunk follows what passed before, and
// forgets it. It is nil if there is none.
func (p *Proxy) cutFor(d Direction, before, chunk []byte) *cut {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, c := range p.cuts {
		start := before[max(0, len(before)-len(c.word)+1):] // of a word that ends in the chunk
		if c.direction == d && bytes.Contains(bytes.ToLower(slices.Concat(start, chunk)), c.word) {
			p.cuts = slices.Delete(p.cuts, i, i+1)
			return c
		}
	}
	return nil
}
