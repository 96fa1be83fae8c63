package io.parablock.wal;

class MemoryStateStoreTest extends StateStoreContract {
    private final MemoryStateStore store = new MemoryStateStore();

    @Override
    protected StateStore open() {
        return store;
    }

    @Override
    protected void lose(StateStore.Part part) {
        store.lose(part);
    }
}
