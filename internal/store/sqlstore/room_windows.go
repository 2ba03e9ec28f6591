//go:build windows

package sqlstore

import "golang.org/x/sys/windows"

// volumeOf returns how many bytes of the volume of a directory this process may still use,
// and how many it has.
func volumeOf(dir string) (free, size uint64, err error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, 0, err
	}
	err = windows.GetDiskFreeSpaceEx(name, &free, &size, nil)
	return free, size, err
}
