package sqlstore

import (
	"os"
	"path/filepath"
	"testing"
)

// TestOneOwnerBehindLinks holds that a file has one owner, whatever links lead to it.
func TestOneOwnerBehindLinks(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "true.db"), filepath.Join(dir, "link.db")
	s, err := Open(t.Context(), Options{Data: file})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if other, err := Open(t.Context(), Options{Data: link}); err == nil {
		t.Errorf("the file was opened twice, the second time through a link (%v)", other.Close())
	}
}
