// What a user would write instead of Baton: express, jsonwebtoken, and one atomic script by ioredis.
// Limit check and creation are atomic; there are no sockets, take-overs, repeats or tombstones.
import { createSecretKey, randomUUID } from 'node:crypto';
import express from 'express';
import Redis from 'ioredis';
import jwt from 'jsonwebtoken';

const LEASE_MS = 30_000;
// As a key and not as text: jsonwebtoken would first try to read the text as a public key, for a millisecond each time.
const SECRET = createSecretKey(Buffer.from(process.env.SECRET));

const redis = new Redis(process.env.REDIS_URL);
redis.defineCommand('createSession', {
  numberOfKeys: 2,
  lua: `
    local leases, records = KEYS[1], KEYS[2]
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    for _, id in ipairs(redis.call('ZRANGE', leases, '-inf', now, 'BYSCORE')) do
      redis.call('ZREM', leases, id)
      redis.call('HDEL', records, id)
    end
    if redis.call('ZCARD', leases) >= tonumber(ARGV[3]) then
      return redis.call('HGETALL', records)
    end
    redis.call('ZADD', leases, now + ARGV[4], ARGV[1])
    redis.call('HSET', records, ARGV[1], ARGV[2])
    redis.call('PEXPIRE', leases, ARGV[4])
    redis.call('PEXPIRE', records, ARGV[4])
    return now + ARGV[4]`,
});

const app = express();
app.use(express.json({ limit: '16kb' }));

app.post('/sessions', async (req, res) => {
  let claims;
  try {
    const token = (req.get('authorization') ?? '').replace(/^Bearer /, '');
    claims = jwt.verify(token, SECRET, { algorithms: ['HS256'] });
  } catch {
    return res.status(401).json({ title: 'Unauthorized' });
  }
  const { sessionName, offerId, deviceId } = req.body;
  const account = `{${claims.publisherId}:${claims.customerId}:${offerId}}`;
  const id = randomUUID();
  const record = JSON.stringify({ sessionName, offerId, deviceId });
  const answer = await redis.createSession(
    `${account}:l`, `${account}:r`, id, record, claims.limit ?? 2, LEASE_MS,
  );
  if (Array.isArray(answer)) {
    return res.status(409).json({ details: { activeSessions: answer } });
  }
  const token = jwt.sign({ id, account }, SECRET);
  res.json({ endpoint: `ws://sessions.example.com/socket?token=${token}`, sessionId: id });
});

const server = app.listen(0, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
