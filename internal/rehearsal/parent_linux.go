package rehearsal

import "syscall"

// endWithParent has a scratch cluster stop when avadb is killed.
func endWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGQUIT }
