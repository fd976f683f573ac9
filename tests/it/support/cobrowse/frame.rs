//! Binary frames: 16 bytes of header, then what nobody but the two ends can read.

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Snapshot = 1,
    Delta = 2,
    Volatile = 3,
}

/// A frame, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: Kind,
    pub(crate) epoch: u32,
    pub(crate) sequence: u64,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// On the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.kind as u8, 0, 0, 0];
        bytes.extend(self.epoch.to_be_bytes());
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(&self.payload);
        bytes
    }

    /// From the wire.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let kind = match bytes[0] {
            1 => Kind::Snapshot,
            2 => Kind::Delta,
            3 => Kind::Volatile,
            other => panic!("no kind of frame: {other}"),
        };
        Self {
            kind,
            epoch: u32::from_be_bytes(bytes[4..8].try_into().expect("4 bytes")),
            sequence: u64::from_be_bytes(bytes[8..16].try_into().expect("8 bytes")),
            payload: bytes[16..].to_vec(),
        }
    }
}
