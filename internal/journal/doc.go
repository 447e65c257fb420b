// Package journal is the only way avadb changes a server. A change set is written down, on disk and then in the
// store database, before the first of its changes is made, so that it can be undone to exactly what stood before:
// after a crash of avadb, by another avadb, and by hand from the file when the server no longer starts.
//
// The order of a change set, which Do keeps: take the lock, Read every before, write the set to the file and then to
// the database, Write the items one by one and mark each, let the server settle (reload, wait until it took), close
// the set. A failure half-way undoes what was written, newest first, and says what it did.
//
// Undo is three-way for each item. What stands now is compared with what stood before (nothing to do), then with what
// avadb wrote (it is restored); anything else was written by somebody else since and is kept, unless forced.
package journal
