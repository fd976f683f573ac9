//! The header of binary frames; the payload behind it is opaque.

use super::Fault;

/// Bytes of the header.
pub const HEADER_BYTES: usize = 16;

/// The most bytes of a snapshot frame, header included. Large pages take 1.1 MB uncompressed.
pub const SNAPSHOT_BYTES: usize = 4 << 20;

/// The most bytes of a delta frame, header included.
pub const DELTA_BYTES: usize = 1 << 20;

/// The most bytes of a volatile frame, header included: pointer and scroll positions.
pub const VOLATILE_BYTES: usize = 16 << 10;

/// The most bytes of a visitor's text frame.
pub const VISITOR_MESSAGE_BYTES: usize = 16 << 10;

/// The most bytes of a viewer's text frame: 4,096 characters of `type`, or 256 points.
pub const VIEWER_MESSAGE_BYTES: usize = 16 << 10;

/// The payload is compressed.
const COMPRESSED: u8 = 1;

/// What a frame is to the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The whole page.
    Snapshot,
    /// A change: none may be missing.
    Delta,
    /// Of the moment: may be dropped.
    Volatile,
}

impl Kind {
    /// The number on the wire.
    pub fn number(self) -> u8 {
        match self {
            Self::Snapshot => 1,
            Self::Delta => 2,
            Self::Volatile => 3,
        }
    }

    /// The most bytes of a frame of this kind.
    pub fn limit(self) -> usize {
        match self {
            Self::Snapshot => SNAPSHOT_BYTES,
            Self::Delta => DELTA_BYTES,
            Self::Volatile => VOLATILE_BYTES,
        }
    }
}

/// The first 16 bytes of a binary frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What it is.
    pub kind: Kind,
    /// Bit 0: the payload is compressed. For the viewer; the node does not look at it.
    pub flags: u8,
    /// Grows with every page and every recorder.
    pub epoch: u32,
    /// Of a delta its own number, else that of the last delta before it.
    pub sequence: u64,
}

impl Header {
    /// Reads the header of a whole frame, and holds the frame to the limit of its kind.
    pub fn read(frame: &[u8]) -> Result<Self, Fault> {
        let header = frame
            .first_chunk::<HEADER_BYTES>()
            .ok_or(Fault::BadFrame("shorter than its header"))?;
        let [kind, flags, zero, zero_too, e0, e1, e2, e3, sequence @ ..] = *header;
        let kind = match kind {
            1 => Kind::Snapshot,
            2 => Kind::Delta,
            3 => Kind::Volatile,
            _ => return Err(Fault::BadFrame("unknown kind")),
        };
        if flags & !COMPRESSED != 0 {
            return Err(Fault::BadFrame("unknown flag"));
        }
        if zero != 0 || zero_too != 0 {
            return Err(Fault::BadFrame("bytes 2 and 3 must be zero"));
        }
        if frame.len() > kind.limit() {
            return Err(Fault::TooLarge);
        }
        let epoch = u32::from_be_bytes([e0, e1, e2, e3]);
        Ok(Self { kind, flags, epoch, sequence: u64::from_be_bytes(sequence) })
    }

    /// The header as bytes.
    pub fn bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[0] = self.kind.number();
        bytes[1] = self.flags;
        bytes[4..8].copy_from_slice(&self.epoch.to_be_bytes());
        bytes[8..].copy_from_slice(&self.sequence.to_be_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let header = Header { kind: Kind::Delta, flags: 1, epoch: 0x0102_0304, sequence: 5 };
        let bytes = header.bytes();
        assert_eq!(bytes, [2, 1, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 5]);
        assert_eq!(Header::read(&bytes), Ok(header));
    }

    #[test]
    fn headers_that_cannot_be_are_faults() {
        let good = Header { kind: Kind::Snapshot, flags: 0, epoch: 1, sequence: 0 }.bytes();
        assert!(matches!(Header::read(&good[..15]), Err(Fault::BadFrame(_))));
        for (at, value) in [(0, 0), (0, 4), (1, 2), (1, 0x81), (2, 1), (3, 1)] {
            let mut bad = good;
            bad[at] = value;
            assert!(matches!(Header::read(&bad), Err(Fault::BadFrame(_))), "{at}: {value}");
        }
    }

    #[test]
    fn each_kind_has_its_limit() {
        for kind in [Kind::Snapshot, Kind::Delta, Kind::Volatile] {
            let mut frame = Header { kind, flags: 0, epoch: 1, sequence: 0 }.bytes().to_vec();
            frame.resize(kind.limit(), 7);
            assert!(Header::read(&frame).is_ok());
            frame.push(7);
            assert_eq!(Header::read(&frame), Err(Fault::TooLarge), "{kind:?}");
        }
    }
}
