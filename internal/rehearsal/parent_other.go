//go:build unix && !linux

package rehearsal

import "syscall"

func endWithParent(*syscall.SysProcAttr) {}
