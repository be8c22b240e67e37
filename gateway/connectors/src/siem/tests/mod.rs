mod format;
mod stream;
mod stub;
