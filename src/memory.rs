//! What is free goes back to the system: glibc keeps what a large plan has taken when it was read, for as long as
//! anything above it lives. A service that idles for years would hold 80 MB that it used for a second.

/// After much has been read, where nothing waits: it takes each of malloc's locks in turn.
#[expect(unsafe_code, reason = "malloc_trim has no safe name; nothing that is in use is touched (malloc_trim(3))")]
pub fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it has no conditions, and may be called by any thread (MT-Safe, malloc_trim(3)).
    unsafe {
        libc::malloc_trim(0);
    }
}
