package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"clearingd/clearing/service"
	"clearingd/clearing/store"
)

// checkFile checks books that no daemon has open, and changes nothing.
func checkFile(ctx context.Context, path string, progress func(done, total uint64)) (service.CheckReply, error) {
	result, err := store.CheckFile(ctx, path, progress)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return service.CheckReply{}, usageError("没有这个账本文件："+path, "no such file: "+path)
	case errors.Is(err, store.ErrOlder):
		return service.CheckReply{}, olderBooks(path, err)
	case err != nil:
		return service.CheckReply{}, &failure{exitNo,
			fmt.Sprintf("账本打不开（clearingd 是否仍在运行？）：%v", err),
			fmt.Sprintf("the books cannot be opened (is clearingd still running?): %v", err), err}
	}
	return service.CheckReply{Records: result.Records, Root: result.Root, Faults: append([]string{}, result.Faults...)}, nil
}

// olderBooks says what to do with books of an older layout, which no command changes.
func olderBooks(path string, err error) error {
	return &failure{exitNo,
		"账本为旧版格式：请先用本版 clearingd 打开一次（备份请先取副本）：" + path,
		"the books have an older layout: open them once with this version's clearingd (a copy of them, if this is the backup): " + path, err}
}
