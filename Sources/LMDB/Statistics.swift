import CLMDB

/// How large the store is and who is reading it, for operators. One page is `pageBytes`.
///
/// Every page of the file is accounted for: `2 + freePages + ownPages + Σ tables.pages = filePages`, the two being
/// LMDB's root pages.
package struct Statistics: Equatable, Sendable {
    package struct Contents: Equatable, Sendable {
        package let entries: Int
        package let pages: Int
    }

    /// Room in address space; the map doubles when the file needs more.
    package let mapBytes: Int
    package let pageBytes: Int
    /// Pages of the file that have ever been used: its size.
    package let filePages: Int
    /// Of these, pages that later commits may use again.
    package let freePages: Int
    /// Of these, pages of LMDB's own tables: names of tables, free pages.
    package let ownPages: Int
    package let tables: [String: Contents]
    /// Reader slots that hold an open read transaction, over all processes.
    package let readersInUse: Int
    package let readersAllowed: Int
}

extension Environment {
    /// Frees the reader slots of processes that died in the middle of a read, which would pin old pages for ever.
    /// Inside the gate.
    func clearDeadReaders() {
        var cleared: Int32 = 0
        mdb_reader_check(pointer, &cleared)
    }

    /// The present figures. Takes a short read transaction, and time in proportion to the list of free pages.
    package func statistics() throws -> Statistics {
        gate.enter()
        clearDeadReaders()
        let readersInUse = countReaders()
        gate.leave()
        return try read { transaction in
            let pointer = transaction.handle.pointer
            var info = MDB_envinfo()
            try LMDBError.check(mdb_env_info(self.pointer, &info), "statistics")
            let freeList = try Self.stat(pointer, freeListIndex)
            let names = try Self.stat(pointer, nameListIndex)
            return Statistics(
                mapBytes: info.me_mapsize, pageBytes: Int(freeList.ms_psize), filePages: info.me_last_pgno + 1,
                freePages: try Self.countFreePages(pointer), ownPages: freeList.pages + names.pages,
                tables: try indexes.mapValues { index in
                    let table = try Self.stat(pointer, index)
                    return Statistics.Contents(entries: table.ms_entries, pages: table.pages)
                },
                readersInUse: readersInUse, readersAllowed: Int(info.me_maxreaders))
        }
    }

    private static func stat(_ transaction: OpaquePointer, _ index: UInt32) throws(LMDBError) -> MDB_stat {
        var statistics = MDB_stat()
        try LMDBError.check(mdb_stat(transaction, index, &statistics), "statistics")
        return statistics
    }

    /// The free list maps a commit to the pages it freed: their number, then each of them, all of word size.
    private static func countFreePages(_ transaction: OpaquePointer) throws(LMDBError) -> Int {
        var cursor: OpaquePointer?
        try LMDBError.check(mdb_cursor_open(transaction, freeListIndex, &cursor), "statistics")
        defer { mdb_cursor_close(cursor) }
        var pages = 0
        var key = MDB_val()
        var value = MDB_val()
        while mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS {
            pages += value.mv_data.loadUnaligned(as: Int.self)
        }
        return pages
    }

    /// Inside the gate. LMDB tells its readers as lines of text: a header, then process, thread and snapshot, the last
    /// `-` when idle.
    private func countReaders() -> Int {
        var readers = 0
        mdb_reader_list(
            pointer,
            { line, count in
                let words = String(cString: line!).split(whereSeparator: \.isWhitespace)
                if words.count == 3, UInt(words[2]) != nil {
                    count!.withMemoryRebound(to: Int.self, capacity: 1) { $0.pointee += 1 }
                }
                return 0
            }, &readers)
        return readers
    }
}

/// LMDB's own two tables come before the named ones.
private let freeListIndex: UInt32 = 0
private let nameListIndex: UInt32 = 1

extension MDB_stat {
    fileprivate var pages: Int { ms_branch_pages + ms_leaf_pages + ms_overflow_pages }
}
