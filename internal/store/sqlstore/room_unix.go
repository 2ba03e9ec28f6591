//go:build unix

package sqlstore

import "golang.org/x/sys/unix"

// volumeOf returns how many bytes of the volume of a directory this process may still use,
// and how many it has.
func volumeOf(dir string) (free, size uint64, err error) {
	var v unix.Statfs_t
	if err := unix.Statfs(dir, &v); err != nil {
		return 0, 0, err
	}
	block := uint64(v.Bsize)
	return uint64(v.Bavail) * block, uint64(v.Blocks) * block, nil
}
